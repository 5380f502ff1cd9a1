from submit.preflight.checking import check

__all__ = ["check"]
