"""What we do: one verb a module, over the domain and a store."""
