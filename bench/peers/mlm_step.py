"""One masked-language-modelling step of BERT 3 x 128 with AdamW: the peer of bench/cases/mlm-step.ts. Prints one JSON line.

usage: mlm_step.py [eager | compile]
"""
from masked_language import time_masked_language

time_masked_language(128, 32, hidden_size=128, num_hidden_layers=3, num_attention_heads=4, intermediate_size=512)
