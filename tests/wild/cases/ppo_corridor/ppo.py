"""Clipped policy gradient in a corridor; the learning rate is annealed over training."""
import argparse

import numpy as np
import torch
from torch import nn


class Corridor:
    """Walk right to the goal; vectorised over copies."""

    def __init__(self, copies, length=9, limit=24, seed=0):
        self.rng = np.random.default_rng(seed)
        self.copies, self.length, self.limit = copies, length, limit
        self.pos, self.age = np.zeros(copies, int), np.zeros(copies, int)

    def observe(self):
        return torch.eye(self.length)[torch.from_numpy(self.pos)]

    def step(self, action):
        slip = self.rng.random(self.copies) < 0.1
        move = np.where(slip, -1, np.where(action == 1, 1, -1))
        self.pos = np.clip(self.pos + move, 0, self.length - 1)
        self.age += 1
        reward = np.where(self.pos == self.length - 1, 1.0, -0.02)
        done = (self.pos == self.length - 1) | (self.age >= self.limit)
        self.pos[done], self.age[done] = 0, 0
        return torch.tensor(reward, dtype=torch.float32), torch.tensor(done, dtype=torch.float32)


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--total-timesteps", type=int, default=9600)
    p.add_argument("--num-envs", type=int, default=8)
    p.add_argument("--num-steps", type=int, default=40)
    p.add_argument("--update-epochs", type=int, default=2)
    p.add_argument("--learning-rate", type=float, default=5e-3)
    return p.parse_args()


def main():
    args = get_args()
    torch.manual_seed(1)
    env = Corridor(args.num_envs)
    body = nn.Sequential(nn.Linear(9, 32), nn.Tanh())
    actor, critic = nn.Linear(32, 2), nn.Linear(32, 1)
    params = [*body.parameters(), *actor.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(params, lr=args.learning_rate, eps=1e-5)
    anneal = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=args.total_timesteps)
    frames = 0
    while frames < args.total_timesteps:
        obs, acts, logps, rewards, dones, values = [], [], [], [], [], []
        with torch.no_grad():
            for _ in range(args.num_steps):
                o = env.observe()
                dist = torch.distributions.Categorical(logits=actor(body(o)))
                a = dist.sample()
                r, d = env.step(a.numpy())
                for store, item in zip((obs, acts, logps, rewards, dones, values), (o, a, dist.log_prob(a), r, d, critic(body(o))[:, 0])):
                    store.append(item)
            ret, returns = critic(body(env.observe()))[:, 0], []
            for r, d in zip(reversed(rewards), reversed(dones)):
                ret = r + 0.97 * ret * (1 - d)
                returns.append(ret)
        frames += args.num_envs * args.num_steps
        o, a, old = torch.cat(obs), torch.cat(acts), torch.cat(logps)
        g = torch.cat(returns[::-1])
        adv = g - torch.cat(values)
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
        for _ in range(args.update_epochs):
            for idx in torch.randperm(len(o)).chunk(4):
                h = body(o[idx])
                dist = torch.distributions.Categorical(logits=actor(h))
                ratio = (dist.log_prob(a[idx]) - old[idx]).exp()
                clipped = torch.min(ratio * adv[idx], ratio.clamp(0.8, 1.2) * adv[idx]).mean()
                loss = -clipped + 0.5 * (critic(h)[:, 0] - g[idx]).square().mean() - 0.01 * dist.entropy().mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(params, 0.5)
                optimizer.step()
                anneal.step()
        if frames % 1600 == 0:
            print(f"frames {frames:5d} reward/step {torch.stack(rewards).mean():.3f} lr {anneal.get_last_lr()[0]:.2e}")


if __name__ == "__main__":
    main()
