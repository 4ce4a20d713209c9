"""Wire protocols over the one core: siblings that never import each other."""
