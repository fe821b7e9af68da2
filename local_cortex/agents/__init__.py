"""Cortex Agents: what is asked of one, the script that answers, its threads and its runs.

Which tool is used, and how, is decided here by rules, or by the engine if it is a model. The words
are the engine's where no tool was used, and where the engine is a model.
"""
