"""A folder that ``python -m local_cortex run`` puts on its program's PYTHONPATH."""
