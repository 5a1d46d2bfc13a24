"""Deploy a policy step by step, on evidence, with a way back."""
