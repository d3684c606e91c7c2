"""Amazon Web Services: one file per service, named as in `collect/aws`."""
