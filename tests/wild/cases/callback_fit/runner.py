import torch


class Runner:
    def __init__(self, model, criterion, optimizer, callbacks):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.callbacks = callbacks

    def notify(self, event, state):
        for callback in self.callbacks:
            getattr(callback, event)(state)

    def run_loader(self, loader, stage):
        training = stage == "train"
        self.model.train(training)
        total = 0.0
        with torch.set_grad_enabled(training):
            for x, y in loader:
                loss = self.criterion(self.model(x), y)
                if training:
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()
                total += loss.item()
                self.notify("on_batch_end", {"stage": stage, "loss": loss.item()})
        return total / len(loader)

    def fit(self, loaders, epochs):
        for epoch in range(epochs):
            self.run_loader(loaders["train"], "train")
            val_loss = self.run_loader(loaders["valid"], "valid")
            self.notify("on_epoch_end", {"epoch": epoch, "val_loss": val_loss})
