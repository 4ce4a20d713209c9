"""LangGraph's side: which graphs are served, how they are loaded, opened and described."""
