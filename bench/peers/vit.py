"""A vision transformer on patches and a class token, ViT-Tiny on 64 by default, and the transformer block of it and of MAE."""
import torch, torch.nn as nn, torch.nn.functional as F

TOKENS, DIM, HEADS, DEPTH, PATCH, CLASSES = 65, 192, 3, 12, 48, 10


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, d))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class ViT(nn.Module):
    def __init__(self, tokens=TOKENS, patch=PATCH, dim=DIM, heads=HEADS):
        super().__init__()
        self.patch = nn.Linear(patch, dim)
        self.cls, self.pos = nn.Parameter(torch.zeros(1, 1, dim)), nn.Parameter(torch.zeros(1, tokens, dim))
        self.blocks = nn.Sequential(*[Block(dim, heads) for _ in range(DEPTH)])
        self.norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, CLASSES)

    def forward(self, x):
        x = torch.cat([self.cls.expand(len(x), -1, -1), self.patch(x)], 1) + self.pos
        return self.head(self.norm(self.blocks(x))[:, 0])


def vit_batch(batch=64, tokens=TOKENS, patch=PATCH):
    return torch.randn(batch, tokens - 1, patch), torch.arange(batch) % CLASSES
