"""The official Python client as a judge: the same script with either package."""
