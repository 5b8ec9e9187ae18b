"""Translation to and from model vendors."""
