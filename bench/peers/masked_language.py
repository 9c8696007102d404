"""Masked-language modelling with a model of Hugging Face's, by default BERT, without dropout, 15 % of the tokens masked."""
import torch
from transformers import BertConfig, BertForMaskedLM
from timing import compiled, time_steps


def time_masked_language(batch, tokens, vocabulary=8192, model_class=BertForMaskedLM, config_class=BertConfig, **sizes):
    model = model_class(config_class(vocab_size=vocabulary, max_position_embeddings=tokens, hidden_dropout_prob=0.0,
                                     attention_probs_dropout_prob=0.0, **sizes))
    model.train()
    forward = compiled(model)
    ids = torch.randint(0, vocabulary, (batch, tokens))
    labels = ids.clone()
    labels[torch.rand(batch, tokens) > 0.15] = -100
    mask = torch.ones_like(ids)
    time_steps(lambda: forward(input_ids=ids, attention_mask=mask, labels=labels).loss,
               torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.01))
