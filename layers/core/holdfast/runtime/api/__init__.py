"""The HTTP API: routes, what each takes in and answers, errors as problems."""
