"""PyBullet, where it is installed: what every reality that Bullet moves has in common."""

import weakref
from types import ModuleType


def load_pybullet() -> ModuleType:
    """Import PyBullet; raises ImportError, with the command that installs it, where it is not."""
    try:
        import pybullet
    except ImportError:
        raise ImportError('PyBullet is needed: pip install "sim2real-course[bullet]"') from None
    return pybullet


def connect(owner: object) -> tuple[ModuleType, int, weakref.finalize]:
    """Return PyBullet, a physics client without a window, and what frees that client.

    It is freed at the latest with its `owner`. Raises ImportError as `load_pybullet` does, and
    RuntimeError when there are too many clients.
    """
    bullet = load_pybullet()
    client = bullet.connect(bullet.DIRECT)
    if client < 0:
        raise RuntimeError("PyBullet has no physics client left: close() some batches")
    return bullet, client, weakref.finalize(owner, bullet.disconnect, client)
