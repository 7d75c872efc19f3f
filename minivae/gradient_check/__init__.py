"""The gradient check: an analytic gradient against two numerical derivatives.

`comparison` shows the idea on one page; `check` is its public door. What makes a report good lies
beside them, one idea a file: which mistake is likely (`hints`, `ratio`), what a kink excuses
(`kinks`), to what an error is relative (`floors`), and when nothing can be compared (`obstacles`).
"""
