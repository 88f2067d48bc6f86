"""What stands behind the public classes and functions: typed jobs, and answers to wrong calls."""
