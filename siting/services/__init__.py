"""The only writers: one transaction each, named as orders; each says which lock it takes and what it refuses."""
