"""The stream lab: several ways of streaming side by side, broken on purpose, and what they cost.

``panel`` draws it. What it measures comes from the streams of this page; no figure is written down
here.
"""
