"""One training step of ResNet-18 with the CIFAR stem, 64 images of 32 x 32: the peer of bench/cases/resnet18-step.ts. Prints one JSON line.

usage: resnet18_step.py [eager | channels-last | compile]
"""
import torch.nn as nn, torchvision
from resnet_classification import time_resnet

model = torchvision.models.resnet18(num_classes=10)
model.conv1, model.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
time_resnet(model, batch=64, side=32, classes=10, weight_decay=5e-4)
