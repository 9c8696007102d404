"""One masked-language-modelling step of BERT 4 x 256 with AdamW: the peer of bench/cases/bert-step.ts. Prints one JSON line.

usage: bert_step.py [eager | compile]
"""
from masked_language import time_masked_language

time_masked_language(16, 128, hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=1024)
