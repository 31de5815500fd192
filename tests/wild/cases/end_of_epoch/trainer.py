import torch


class Trainer:
    """Calls back into the module at the usual places."""

    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def fit(self, module, loader, val):
        optimizer, scheduler = module.configure(steps=self.max_epochs * len(loader))
        for epoch in range(self.max_epochs):
            module.train()
            for batch in loader:
                loss = module.training_step(batch)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
                optimizer.step()
            module.eval()
            with torch.no_grad():
                metric = module.validation_step(val)
            scheduler.step()
            print(f"epoch {epoch:2d} loss {loss.item():.4f} val {metric:.4f} lr {scheduler.get_last_lr()[0]:.2e}")
