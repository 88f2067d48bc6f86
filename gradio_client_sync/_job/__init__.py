"""The events of one job, and further input for one that runs."""
