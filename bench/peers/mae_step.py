"""One MAE step, ViT-Small encoder, decoder 4 x 192, 32 images of 224 x 224: the peer of bench/cases/mae-step.ts. Prints one JSON line.

usage: mae_step.py [eager | compile]
"""
import torch, torch.nn as nn
from timing import compiled, time_steps
from vit import Block

BATCH, SIDE, PATCH, RATIO = 32, 224, 16, 0.75
GRID, PIXELS = SIDE // PATCH, 3 * PATCH * PATCH
TOKENS = GRID * GRID


class MaskedAutoencoder(nn.Module):
    """He et al. 2021 (arXiv 2111.06377): tokens in the image's order in the decoder, loss on hidden patches, targets normalised."""

    def __init__(self, dim=384, depth=12, heads=6, decoder_dim=192, decoder_depth=4, decoder_heads=3):
        super().__init__()
        self.patch = nn.Conv2d(3, dim, PATCH, PATCH)
        self.cls, self.mask = nn.Parameter(0.02 * torch.randn(1, 1, dim)), nn.Parameter(0.02 * torch.randn(1, 1, decoder_dim))
        # Of the shape of the reference's fixed sines and cosines, whose values cost no time.
        self.register_buffer("pos", 0.7 * torch.randn(1, TOKENS + 1, dim))
        self.register_buffer("decoder_pos", 0.7 * torch.randn(1, TOKENS + 1, decoder_dim))
        self.blocks = nn.Sequential(*[Block(dim, heads) for _ in range(depth)])
        self.norm, self.embed = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, decoder_dim)
        self.decoder_blocks = nn.Sequential(*[Block(decoder_dim, decoder_heads) for _ in range(decoder_depth)])
        self.decoder_norm, self.pred = nn.LayerNorm(decoder_dim, eps=1e-6), nn.Linear(decoder_dim, PIXELS)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.xavier_uniform_(self.patch.weight.view(dim, -1))

    def forward(self, images, noise):
        batch = len(images)
        order = noise.argsort(1)
        back = order.argsort(1)
        keep = int(TOKENS * (1 - RATIO))
        tokens = self.patch(images).flatten(2).transpose(1, 2) + self.pos[:, 1:]
        tokens = tokens.gather(1, order[:, :keep, None].expand(-1, -1, tokens.shape[2]))
        cls = (self.cls + self.pos[:, :1]).expand(batch, -1, -1)
        x = self.embed(self.norm(self.blocks(torch.cat([cls, tokens], 1))))
        patches = torch.cat([x[:, 1:], self.mask.expand(batch, TOKENS - keep, -1)], 1)
        patches = patches.gather(1, back[:, :, None].expand(-1, -1, x.shape[2]))
        x = torch.cat([x[:, :1], patches], 1) + self.decoder_pos
        prediction = self.pred(self.decoder_norm(self.decoder_blocks(x)))[:, 1:]
        target = images.reshape(batch, 3, GRID, PATCH, GRID, PATCH).permute(0, 2, 4, 3, 5, 1).reshape(batch, TOKENS, PIXELS)
        target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6).sqrt()
        hidden = (back >= keep).float()
        return ((prediction - target).square().mean(-1) * hidden).sum() / hidden.sum()


model = MaskedAutoencoder()
forward = compiled(model)
images = torch.randn(BATCH, 3, SIDE, SIDE)
noise = torch.rand(BATCH, TOKENS)
time_steps(lambda: forward(images, noise), torch.optim.AdamW(model.parameters(), 1e-3, betas=(0.9, 0.95), weight_decay=0.05))
