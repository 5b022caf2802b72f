"""What all tests share."""

from hypothesis import settings

# How long an example takes says more of the machine than of the code: tests do not time.
settings.register_profile("sentinel", deadline=None)
settings.load_profile("sentinel")
