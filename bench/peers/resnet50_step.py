"""One training step of ResNet-50, 16 images of 128 x 128: the peer of bench/cases/resnet50-step.ts. Prints one JSON line.

usage: resnet50_step.py [eager | channels-last | compile]
"""
import torchvision
from resnet_classification import time_resnet

time_resnet(torchvision.models.resnet50(), batch=16, side=128, classes=1000, weight_decay=1e-4)
