"""Parts of the public classes and functions: typed jobs, maps, and errors for wrong calls."""
