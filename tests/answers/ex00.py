"""Answers to the check on the start page."""

from answers import Right, Wrong

ANSWERS = {
    "00.1": [
        Wrong("the input", "def twice(x):\n    return x", "returned 3, which is not double"),
        Wrong("the square", "def twice(x):\n    return x * x", "returned 9, which is not double"),
        Wrong("a constant", "def twice(x):\n    return 6", "twice(0.5) returned 6"),
        Wrong("the size", "def twice(x):\n    return abs(2 * x)", "twice(-2.0) returned 4"),
        Wrong("printed", "def twice(x):\n    print(2 * x)", "None came back"),
        Wrong("text", "def twice(x):\n    return f'{2 * x}'", "should be a number, not '6'"),
        Wrong("repeated", "def twice(x):\n    return [x] * 2", "not of shape (2,)"),
        Wrong("infinite", "def twice(x):\n    return x * 1e999", "should be finite"),
        Wrong("a result, not a function", "twice = 6", "expected a function or class, got 6"),
        Wrong("no argument", "def twice():\n    return 6", "it raised TypeError"),
        Right("a sum", "def twice(x):\n    return x + x"),
        Right("a lambda", "twice = lambda x: 2 * x"),
        Right("NumPy", "import numpy as np\n\ndef twice(x):\n    return np.multiply(x, 2)"),
    ]
}
