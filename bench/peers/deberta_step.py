"""One masked-language-modelling step of DeBERTa-v3 4 x 256 with AdamW: the peer of bench/cases/deberta-step.ts. Prints one JSON line.

usage: deberta_step.py [eager | compile]
"""
from masked_language import time_masked_language
from transformers import DebertaV2Config, DebertaV2ForMaskedLM

time_masked_language(16, 128, model_class=DebertaV2ForMaskedLM, config_class=DebertaV2Config, hidden_size=256, num_hidden_layers=4,
                     num_attention_heads=4, intermediate_size=1024, relative_attention=True, pos_att_type=["c2p", "p2c"],
                     position_biased_input=False, share_att_key=True, norm_rel_ebd="layer_norm", position_buckets=256, legacy=False)
