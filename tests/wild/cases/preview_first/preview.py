"""Text plot of a schedule before the training starts."""
import copy


def sparkline(values):
    bars = " .:-=+*#%@"
    top = max(values)
    return "".join(bars[round(v / top * (len(bars) - 1))] for v in values)


def preview(scheduler, epochs):
    twin = copy.copy(scheduler)
    values = []
    for _ in range(epochs):
        values.append(twin.get_last_lr()[0])
        twin.step()
    print("planned:", sparkline(values))
