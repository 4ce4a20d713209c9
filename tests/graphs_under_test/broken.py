"""A graph whose import fails: the gateway serves the others."""

raise ImportError("this graph is broken on purpose")
