"""Layer-wise learning-rate decay as in BEiT and MAE."""


def param_groups(model, depth, decay):
    groups = []
    for i, block in enumerate([model.stem, *model.blocks, model.head]):
        groups.append({"params": list(block.parameters()), "lr_scale": decay ** (depth + 1 - i)})
    return groups
