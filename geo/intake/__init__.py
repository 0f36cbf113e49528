"""Strangers' files are read in a process apart: without network, without other files, with little memory and time."""
