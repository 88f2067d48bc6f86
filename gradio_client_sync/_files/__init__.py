"""Uploads and downloads: sources of files, requests, kept content and folders."""
