"""Several processes that train one run together: each takes its part of every batch, and all take the same step.

Every loss is made of sums over the batch (`tasks.joining`), so that its value is that of the whole batch and its
gradient the part that this process's samples have in it. Gradients are added up, not averaged. What a process decides
by itself (learning rates, weights of the tasks, verdicts) follows from numbers that are equal in all of them.
"""
