"""The nouns, as frozen dataclasses and enums, and the pure rules over them. No I/O."""
