"""The memory: patients, visits, exams, readings and events. The only package that knows tables."""
