def dense_forward(x, W, b):
    return x @ W + b


def dense_backward(x, W, b, dy):
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def mean_squared_error_backward(x, W, b, target):
    dy = 2 * (dense_forward(x, W, b) - target) / len(x)
    _, dW, db = dense_backward(x, W, b, dy)
    return dW, db


SOLUTIONS = {f.__name__: f for f in (dense_forward, dense_backward, mean_squared_error_backward)}


def forgets_the_bias(x, W, b):
    return x @ W


def examples_as_columns(x, W, b):
    return W.T @ x.T + b[:, None]


def weights_transposed(x, W, b, dy):
    return dy @ W.T, dy.T @ x, dy.sum(axis=0)


def bias_gradient_not_summed(x, W, b, dy):
    return dy @ W.T, x.T @ dy, dy


def divides_by_the_batch_again(x, W, b, dy):
    return dy @ W.T, x.T @ dy / len(x), dy.mean(axis=0)


def returns_the_order_of_the_computation(x, W, b, dy):
    return x.T @ dy, dy.sum(axis=0), dy @ W.T


def loss_without_its_mean(x, W, b, target):
    dy = 2 * (x @ W + b - target)
    return x.T @ dy, dy.sum(axis=0)


def loss_without_its_two(x, W, b, target):
    dy = (x @ W + b - target) / len(x)
    return x.T @ dy, dy.sum(axis=0)


def target_minus_output(x, W, b, target):
    dy = 2 * (target - (x @ W + b)) / len(x)
    return x.T @ dy, dy.sum(axis=0)


def changes_the_target(x, W, b, target):
    target -= x @ W + b
    dy = -2 * target / len(x)
    return x.T @ dy, dy.sum(axis=0)


WRONG = [
    ("dense_forward", forgets_the_bias, "the bias is not added"),
    ("dense_forward", examples_as_columns, "transposed"),
    ("dense_backward", weights_transposed, "transposed"),
    ("dense_backward", bias_gradient_not_summed, "not summed over the batch"),
    ("dense_backward", divides_by_the_batch_again, "dy already holds the 1/batch"),
    ("dense_backward", returns_the_order_of_the_computation, "wrong order: (dW, db, dx)"),
    ("mean_squared_error_backward", loss_without_its_mean, "not divided by the batch"),
    ("mean_squared_error_backward", loss_without_its_two, "half of what it should be"),
    ("mean_squared_error_backward", target_minus_output, "the sign is flipped"),
    ("mean_squared_error_backward", changes_the_target, "target was changed in place"),
]
