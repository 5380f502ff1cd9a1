"""Programs as users of Google's libraries write them: nothing in them knows of an emulator.

Each prints one line of JSON last, which says what it has seen.
"""
