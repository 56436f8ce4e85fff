"""Derivations in many hands: logistic regression, perceptrons, softmax, normalisation, attention, recurrence, text.

Each row is marked T for true or F for false by hand; what is undecided stands in OPEN with its reason.
"""

# fmt: off
# ruff: noqa: E501 - a row is one line, however long
from __future__ import annotations

import pytest

import backprop_proofs as bp
from backprop_proofs.checking.mending import Mender

Case = tuple[str, list[str], list[tuple[str, str]], bool]
CASES: list[Case] = []
OPEN = {
    "rhw": "o_i and o_j are of two layers, and the error sums over the last one",
    "rnn-idx": "the labels add up to one at each time, within a sum over times",
    "rnn-text": "nothing says what L_t depends on",
    "l2": "a sum over all weights, whatever their indices",
    "lstm": "i is a gate and an index",
    "conv1d": "a derivative by a quantity outside of its range",
    "batchbias": "the vector of ones",
    "batchmean": "the examples are C's alone: nothing says that a depends on them",
    "word2vec": "the labels add up to one under the name of the error",
    "bishop": "the letters tell the layers, and w_{jk} is one with others for j and k",
}


def c(name: str, definitions: list[str], lines: list[str], text: bool = False) -> None:
    CASES.append((name, definitions, [(line[0], line[2:]) for line in lines], text))


c('logreg',[r'J = -\frac{1}{m}\sum_{i=1}^m \left[ y^{(i)} \log h^{(i)} + (1-y^{(i)}) \log(1-h^{(i)}) \right]',r'h^{(i)} = \frac{1}{1+e^{-z^{(i)}}}',r'z^{(i)} = \sum_{j=1}^n \theta_j x_j^{(i)}'],
 [r'T \frac{\partial J}{\partial z^{(i)}} = \frac{1}{m}(h^{(i)} - y^{(i)})',
  r'T \frac{\partial J}{\partial \theta_j} = \sum_{i=1}^m \frac{\partial J}{\partial z^{(i)}} \frac{\partial z^{(i)}}{\partial \theta_j}',
  r'T = \frac{1}{m}\sum_{i=1}^m (h^{(i)} - y^{(i)}) x_j^{(i)}',
  r'F \frac{\partial J}{\partial \theta_j} = \frac{1}{m}\sum_{i=1}^m (y^{(i)} - h^{(i)}) x_j^{(i)}'])
c('logreg-vec',[r'z = Xw',r'p_i = \frac{1}{1+e^{-z_i}}',r'L = -\sum_i \left( y_i \log p_i + (1-y_i)\log(1-p_i)\right)'],
 [r'T \frac{\partial L}{\partial z_i} = p_i - y_i', r'T \frac{\partial L}{\partial w} = X^T (p - y)', r'F \frac{\partial L}{\partial w} = X (p - y)'])
c('linreg',[r'L = \|Xw - y\|^2'],[r'T \frac{\partial L}{\partial w} = 2 X^T (Xw - y)', r'F \frac{\partial L}{\partial w} = X^T(Xw-y)', r'T \frac{\partial L}{\partial w} = 2X^TXw - 2X^Ty'])
c('linreg-half',[r'L = \frac12 \sum_i (y_i - \hat y_i)^2',r'\hat y_i = \sum_j w_j x_{ij} + b'],[r'T \frac{\partial L}{\partial w_j} = -\sum_i (y_i - \hat{y}_i) x_{ij}', r'T \frac{\partial L}{\partial b} = \sum_i (\hat y_i - y_i)', r'F \frac{\partial L}{\partial b} = \hat y_i - y_i'])
c('softmax-ce',[r'p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}',r'L = -\sum_i y_i \log p_i'],
 [r'T \frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij} - p_j)',
  r'T \frac{\partial L}{\partial z_j} = -\sum_i y_i \frac{1}{p_i}\frac{\partial p_i}{\partial z_j}',
  r'T = -\sum_i y_i (\delta_{ij} - p_j)',
  r'T = -y_j + p_j \sum_i y_i',
  r'T = p_j - y_j',])
c('softmax-ce2',[r's_k = \frac{\exp(o_k)}{\sum_{c=1}^K \exp(o_c)}',r'E = -\sum_{k=1}^K t_k \ln s_k',r'\sum_{k=1}^K t_k = 1'],
 [r'T \frac{\partial E}{\partial o_j} = s_j - t_j', r'F \frac{\partial E}{\partial o_j} = t_j - s_j',r'F \frac{\partial s_k}{\partial o_j} = s_k(1-s_j)'])
c('softmax-cases',[r'a_i = \frac{e^{z_i}}{\sum_k e^{z_k}}'],
 [r'T \frac{\partial a_i}{\partial z_j} = \begin{cases} a_i(1-a_j) & i=j \\ -a_i a_j & i \neq j \end{cases}',
  r'F \frac{\partial a_i}{\partial z_j} = \begin{cases} a_i(1-a_j) & i=j \\ a_i a_j & i \neq j \end{cases}'])
c('mlp2',[r'z_1 = W_1 x + b_1',r'h = \sigma(z_1)',r'z_2 = W_2 h + b_2',r'\hat{y} = \sigma(z_2)',r'L = \frac{1}{2}\|y-\hat{y}\|^2'],
 [r'T \delta_2 = \frac{\partial L}{\partial z_2} = (\hat{y} - y) \odot \sigma^\prime(z_2)',
  r"T \frac{\partial L}{\partial W_2} = \delta_2 h^T",
  r"T \frac{\partial L}{\partial z_1} = (W_2^T \delta_2)\odot \sigma'(z_1)",
  r"F \frac{\partial L}{\partial W_1} = (W_2 \delta_2)\odot \sigma'(z_1) x^T",
  r"T \frac{\partial L}{\partial b_2} = \delta_2"])
c('mlp-sup',[r'z^{[1]} = W^{[1]}x + b^{[1]}',r'a^{[1]} = \sigma(z^{[1]})',r'z^{[2]} = W^{[2]}a^{[1]}+b^{[2]}',r'a^{[2]} = \sigma(z^{[2]})',r'\mathcal{L} = -y\log a^{[2]} - (1-y)\log(1-a^{[2]})',r"\sigma(u)=\frac{1}{1+e^{-u}}"],
 [r'T dz^{[2]} = a^{[2]} - y', r'T dW^{[2]} = dz^{[2]} a^{[1]T}', r"T dz^{[1]} = W^{[2]T}dz^{[2]} * \sigma'(z^{[1]})", r"T db^{[1]} = dz^{[1]}", r'F dW^{[1]} = x^T dz^{[1]}'])
c('rhw',[r'net_j = \sum_i w_{ji} o_i',r'o_j = f(net_j)',r'E = \frac{1}{2}\sum_j (t_j - o_j)^2'],
 [r'T \frac{\partial E}{\partial w_{ji}} = \frac{\partial E}{\partial net_j}\frac{\partial net_j}{\partial w_{ji}}',r"T \delta_j = -\frac{\partial E}{\partial net_j}",r"T \delta_j = (t_j - o_j) f'(net_j)",r"F \delta_j = (t_j - o_j) f(net_j)",r"T \frac{\partial E}{\partial w_{ji}} = -\delta_j o_i"])
c('bishop',[r'a_j = \sum_i w_{ji} z_i',r'z_j = h(a_j)',r'\delta_j \equiv \frac{\partial E_n}{\partial a_j}'],
 [r"T \delta_j = \sum_k \frac{\partial E_n}{\partial a_k}\frac{\partial a_k}{\partial a_j}",r"T \delta_j = h'(a_j)\sum_k w_{kj}\delta_k",r"F \delta_j = h'(a_j) \sum_k w_{jk}\delta_k",r"T \frac{\partial E_n}{\partial w_{ji}} = \delta_j z_i"])
c('goodfellow',[r'\mathbf{a}^{(k)} = \mathbf{b}^{(k)} + \mathbf{W}^{(k)}\mathbf{h}^{(k-1)}',r'\mathbf{h}^{(k)} = f(\mathbf{a}^{(k)})'],
 [r"T \nabla_{\mathbf{a}^{(k)}} J = \nabla_{\mathbf{h}^{(k)}} J \odot f'(\mathbf{a}^{(k)})",r"T \nabla_{\mathbf{b}^{(k)}} J = \nabla_{\mathbf{a}^{(k)}} J",r"T \nabla_{\mathbf{W}^{(k)}} J = \nabla_{\mathbf{a}^{(k)}} J\, \mathbf{h}^{(k-1)\top}",r"T \nabla_{\mathbf{h}^{(k-1)}} J = \mathbf{W}^{(k)\top} \nabla_{\mathbf{a}^{(k)}} J",r"F \nabla_{\mathbf{h}^{(k-1)}} J = \mathbf{W}^{(k)} \nabla_{\mathbf{a}^{(k)}} J"])
c('rnn-idx',[r'h_{t} = \tanh(a_t)',r'a_t = W h_{t-1} + U x_t + b',r'o_t = V h_t + c',r'\hat y_t = \mathrm{softmax}(o_t)',r'L = \sum_t L_t',r'L_t = -\sum_i y_{t,i}\log \hat y_{t,i}'],
 [r"T \frac{\partial L_t}{\partial o_t} = \hat y_t - y_t",r"T \frac{\partial L}{\partial V} = \sum_t (\hat y_t - y_t) h_t^T", r"T \frac{\partial L}{\partial c} = \sum_t (\hat y_t - y_t)"])
c('rnn-text',['h_t = tanh(W h_{t-1} + U x_t)','L = sum_t L_t'],['T dL/dh_t = dL_t/dh_t + W^T (dL/dh_{t+1} ⊙ (1 - h_{t+1}^2))'],True)
c('forum',[],['T dC/dz^l_j = sum_k dC/dz^{l+1}_k dz^{l+1}_k/dz^l_j','T = sum_k delta^{l+1}_k w^{l+1}_{kj} sigma\'(z^l_j)','F dC/dw^l_{jk} = a^{l-1}_j delta^l_k'],True)
c('forum2',['z_j = sum_i w_ji x_i + b_j','y_j = f(z_j)','E = 1/2 sum_j (y_j - t_j)^2'],["T dE/dz_j = (y_j - t_j) f'(z_j)","T dE/dw_ji = (y_j - t_j) f'(z_j) x_i","F dE/db_j = (y_j - t_j)","T dE/dx_i = sum_j w_ji (y_j - t_j) f'(z_j)"],True)
c('unicode',['zⱼ = Σᵢ wⱼᵢ xᵢ + bⱼ','aⱼ = σ(zⱼ)'],["T ∂C/∂zⱼ = ∂C/∂aⱼ σ'(zⱼ)","T ∂C/∂wⱼᵢ = ∂C/∂zⱼ xᵢ"],True)
c('bn',[r'\mu_B = \frac{1}{m}\sum_{i=1}^m x_i',r'\sigma_B^2 = \frac{1}{m}\sum_{i=1}^m (x_i-\mu_B)^2',r'\hat x_i = \frac{x_i-\mu_B}{\sqrt{\sigma_B^2+\epsilon}}',r'y_i = \gamma\hat x_i+\beta'],
 [r'T \frac{\partial \ell}{\partial \hat x_i} = \frac{\partial \ell}{\partial y_i}\cdot\gamma',
  r'T \frac{\partial \ell}{\partial \sigma_B^2} = \sum_{i=1}^m \frac{\partial \ell}{\partial \hat x_i}\cdot(x_i-\mu_B)\cdot\frac{-1}{2}(\sigma_B^2+\epsilon)^{-3/2}',
  r'T \frac{\partial \ell}{\partial \mu_B} = \left(\sum_{i=1}^m \frac{\partial \ell}{\partial \hat x_i}\cdot\frac{-1}{\sqrt{\sigma_B^2+\epsilon}}\right) + \frac{\partial \ell}{\partial \sigma_B^2}\cdot\frac{\sum_{i=1}^m -2(x_i-\mu_B)}{m}',
  r'T \frac{\partial \ell}{\partial x_i} = \frac{\partial \ell}{\partial \hat x_i}\cdot\frac{1}{\sqrt{\sigma_B^2+\epsilon}} + \frac{\partial \ell}{\partial \sigma_B^2}\cdot\frac{2(x_i-\mu_B)}{m}+\frac{\partial \ell}{\partial \mu_B}\cdot\frac{1}{m}',
  r'T \frac{\partial \ell}{\partial \gamma} = \sum_{i=1}^m \frac{\partial \ell}{\partial y_i}\cdot\hat x_i',
  r'F \frac{\partial \ell}{\partial \beta} = \frac{\partial \ell}{\partial y_i}'])
c('attn',[r'S = QK^T',r'P_{ij} = \frac{e^{S_{ij}}}{\sum_l e^{S_{il}}}',r'O = PV'],
 [r'T dV = P^T dO', r'T dP = dO V^T', r'T dQ = dS K', r'T dK = dS^T Q', r'T dS_{ij} = P_{ij}(dP_{ij} - \sum_l P_{il} dP_{il})', r'F dK = dS Q'])
c('attn-scale',[r'S = \frac{QK^\top}{\sqrt{d}}',r'P = \mathrm{softmax}(S)',r'O = PV'],
 [r'T \frac{\partial L}{\partial V} = P^\top \frac{\partial L}{\partial O}', r'T \frac{\partial L}{\partial Q} = \frac{1}{\sqrt{d}} \frac{\partial L}{\partial S} K', r'F \frac{\partial L}{\partial Q} = \frac{\partial L}{\partial S} K'])
c('relu',[r'z = Wx + b',r'h = \max(0, z)',r'\hat y = v^T h',r'L = (\hat y - y)^2'],
 [r'T \frac{\partial L}{\partial \hat y} = 2(\hat y - y)', r'T \frac{\partial L}{\partial v} = 2(\hat y - y)h', r'T \frac{\partial L}{\partial h} = 2(\hat y - y) v', r'F \frac{\partial L}{\partial v} = (\hat y-y)h'])
c('relu2',[r'z_i = \sum_j W_{ij}x_j',r'h_i = \mathrm{ReLU}(z_i)'],
 [r'T \frac{\partial L}{\partial z_i} = \frac{\partial L}{\partial h_i} \mathbb{1}[z_i > 0]', r'T \frac{\partial L}{\partial W_{ij}} = \frac{\partial L}{\partial z_i} x_j',r'F \frac{\partial L}{\partial x_j} = \sum_i W_{ji} \frac{\partial L}{\partial z_i}'])
c('residual',[r'y_i = x_i + \sum_j W_{ij} h_j',r'h_j = \sigma(\sum_k U_{jk}x_k)'],
 [r"T \frac{\partial y_i}{\partial x_k} = \delta_{ik} + \sum_j W_{ij}\sigma'(\sum_m U_{jm}x_m) U_{jk}", r"F \frac{\partial y_i}{\partial x_k} = \sum_j W_{ij}\sigma'(\sum_m U_{jm}x_m) U_{jk}",r"T \frac{\partial L}{\partial x_k} = \frac{\partial L}{\partial y_k} + \sum_i \frac{\partial L}{\partial y_i}\sum_j W_{ij} \frac{\partial h_j}{\partial x_k}"])
c('l2',[r'C = C_0 + \frac{\lambda}{2n}\sum_w w^2'],[r'T \frac{\partial C}{\partial w} = \frac{\partial C_0}{\partial w} + \frac{\lambda}{n} w'])
c('l2b',[r'J = \frac{1}{2m}\sum_{i=1}^m (h_i - y_i)^2 + \frac{\lambda}{2m}\sum_{j=1}^n \theta_j^2', r'h_i = \sum_{j=1}^n \theta_j x_{ij}'],[r'T \frac{\partial J}{\partial \theta_j} = \frac{1}{m}\sum_{i=1}^m (h_i-y_i)x_{ij} + \frac{\lambda}{m}\theta_j', r'F \frac{\partial J}{\partial \theta_j} = \frac{1}{m}\sum_{i=1}^m (h_i-y_i)x_{ij} + \frac{\lambda}{2m}\theta_j'])
c('embed',[r'h = W^T x',r"u = W'^T h",r'y_j = \frac{\exp(u_j)}{\sum_k \exp(u_k)}',r'E = -\log y_o'],[r'T \frac{\partial E}{\partial u_j} = y_j - \delta_{jo}'])
c('lstm',[r'f_t = \sigma(W_f h_{t-1} + U_f x_t)',r'i_t = \sigma(W_i h_{t-1} + U_i x_t)',r'g_t = \tanh(W_g h_{t-1} + U_g x_t)',r'c_t = f_t \odot c_{t-1} + i_t \odot g_t',r'o_t = \sigma(W_o h_{t-1} + U_o x_t)',r'h_t = o_t \odot \tanh(c_t)'],
 [r'T \frac{\partial h_{t,i}}{\partial o_{t,i}} = \tanh(c_{t,i})', r'T \frac{\partial c_{t,i}}{\partial f_{t,i}} = c_{t-1,i}', r'F \frac{\partial c_{t,i}}{\partial i_{t,i}} = f_{t,i}'])
c('ln',[r'\mu = \frac{1}{H}\sum_{i=1}^H x_i',r'\sigma = \sqrt{\frac{1}{H}\sum_{i=1}^H (x_i-\mu)^2}',r'y_i = \frac{x_i-\mu}{\sigma}'],[r'T \frac{\partial \mu}{\partial x_j} = \frac{1}{H}',r'T \frac{\partial \sigma}{\partial x_j} = \frac{x_j-\mu}{H\sigma}',r'T \frac{\partial y_i}{\partial x_j} = \frac{1}{\sigma}\left(\delta_{ij} - \frac{1}{H} - \frac{y_i y_j}{H}\right)', r'F \frac{\partial y_i}{\partial x_j} = \frac{1}{\sigma}\left(\delta_{ij} - \frac{y_i y_j}{H}\right)'])
c('conv1d',[r'y_i = \sum_k w_k x_{i+k}'],[r'T \frac{\partial L}{\partial w_k} = \sum_i \frac{\partial L}{\partial y_i} x_{i+k}', r'T \frac{\partial L}{\partial x_j} = \sum_k \frac{\partial L}{\partial y_{j-k}} w_k', r'F \frac{\partial L}{\partial x_j} = \sum_k \frac{\partial L}{\partial y_{j+k}} w_k'])
c('bilinear',[r'y = x^T A z'],[r'T \frac{\partial y}{\partial A} = x z^T',r'T \frac{\partial y}{\partial x} = A z',r'T \frac{\partial y}{\partial z} = A^T x',r'F \frac{\partial y}{\partial A} = z x^T'])
c('batchmat',[r'Z = XW',r'A = \sigma(Z)'],[r"T \frac{\partial L}{\partial Z} = \frac{\partial L}{\partial A} \odot \sigma'(Z)",r"T \frac{\partial L}{\partial W} = X^T \frac{\partial L}{\partial Z}",r"T \frac{\partial L}{\partial X} = \frac{\partial L}{\partial Z} W^T",r"F \frac{\partial L}{\partial X} = W^T \frac{\partial L}{\partial Z}"])
c('batchbias',[r'Z = XW + \mathbf{1}b^T'],[r"T \frac{\partial L}{\partial b} = \left(\frac{\partial L}{\partial Z}\right)^T \mathbf{1}", r"T \frac{\partial L}{\partial b_j} = \sum_i \frac{\partial L}{\partial Z_{ij}}"])
c('nielsen-mat',[],[r"T \delta^L = \nabla_a C \odot \sigma'(z^L)",r"T \delta^l = ((w^{l+1})^T\delta^{l+1})\odot\sigma'(z^l)",r"F \delta^l = (w^{l+1}\delta^{l+1})\odot\sigma'(z^l)",r"T \frac{\partial C}{\partial b^l_j} = \delta^l_j",r"T \frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k\delta^l_j"])
c('nielsen-quad',[r'C = \frac{1}{2}\sum_j (y_j - a^L_j)^2'],[r"T \frac{\partial C}{\partial a^L_j} = (a^L_j - y_j)",r"T \delta^L = (a^L-y)\odot\sigma'(z^L)",r"F \frac{\partial C}{\partial a^L_j} = (y_j-a^L_j)"])
c('nielsen-ce',[r'C = -\sum_j \left[ y_j \ln a^L_j + (1-y_j)\ln(1-a^L_j)\right]'],[r"T \frac{\partial C}{\partial a^L_j} = \frac{a^L_j-y_j}{a^L_j(1-a^L_j)}",r"T \delta^L_j = a^L_j - y_j",])
c('onepath',[],[r"T \frac{\partial C}{\partial w^l_{jk}} = \sum_{m} \frac{\partial C}{\partial z^l_m}\frac{\partial z^l_m}{\partial w^l_{jk}}"])
c('tanh',[r'y_i = \tanh(x_i)'],[r'T \frac{\partial y_i}{\partial x_i} = 1 - \tanh^2(x_i)',r'T = 1-y_i^2',r'F \frac{\partial y_i}{\partial x_j} = 1-y_i^2',r'T \frac{\partial y_i}{\partial x_j} = \delta_{ij}(1-y_i^2)'])
c('sigm',[r'\sigma(x) = \frac{1}{1+e^{-x}}'],[r'T \frac{d\sigma(x)}{dx} = \frac{e^{-x}}{(1+e^{-x})^2}',r'T = \frac{1}{1+e^{-x}} \cdot \frac{e^{-x}}{1+e^{-x}}', r'T = \sigma(x)(1-\sigma(x))',r'F = \sigma(x)(1+\sigma(x))'])
c('maxent',[r'E = \frac{1}{N}\sum_{n=1}^N E_n', r'E_n = \frac{1}{2}\sum_k (y_{nk} - t_{nk})^2', r'y_{nk} = \sum_i w_{ki}x_{ni}'],[r'T \frac{\partial E_n}{\partial w_{ji}} = (y_{nj}-t_{nj})x_{ni}',r'T \frac{\partial E}{\partial w_{ji}} = \frac{1}{N}\sum_{n=1}^N (y_{nj}-t_{nj})x_{ni}', r'F \frac{\partial E}{\partial w_{ji}} = \sum_{n=1}^N (y_{nj}-t_{nj})x_{ni}'])
c('gru',[r'h_t = (1-z_t)\odot h_{t-1} + z_t\odot \tilde h_t',r'\tilde h_t = \tanh(W x_t + U(r_t \odot h_{t-1}))'],[r'T \frac{\partial h_{t,i}}{\partial z_{t,i}} = \tilde h_{t,i} - h_{t-1,i}', r'T \frac{\partial h_{t,i}}{\partial \tilde h_{t,i}} = z_{t,i}'])
c('temperature',[r'q_i = \frac{\exp(z_i/T)}{\sum_j \exp(z_j/T)}',r'C = -\sum_i p_i \log q_i'],[r'T \frac{\partial C}{\partial z_i} = \frac{1}{T}(q_i - p_i)'])
c('hinge-free',[r'L = \frac{1}{N}\sum_i \ell_i',r'\ell_i = (w^T x_i + b - y_i)^2'],[r'T \frac{\partial L}{\partial w} = \frac{2}{N}\sum_i (w^Tx_i+b-y_i)x_i', r'T \frac{\partial L}{\partial b} = \frac{2}{N}\sum_i (w^T x_i+b-y_i)', r'F \frac{\partial L}{\partial b} = \frac{1}{N}\sum_i (w^T x_i+b-y_i)'])
c('dropout',[r'\tilde a_j = m_j a_j',r'z_k = \sum_j w_{kj}\tilde a_j'],[r'T \frac{\partial z_k}{\partial a_j} = w_{kj}m_j', r'T \frac{\partial L}{\partial a_j} = m_j\sum_k w_{kj}\frac{\partial L}{\partial z_k}', r'F \frac{\partial L}{\partial a_j} = \sum_k w_{kj}\frac{\partial L}{\partial z_k}'])
c('tied',[r'h_j = \sigma(\sum_i W_{ji}x_i)',r'\hat x_i = \sum_j W_{ji} h_j',r'L = \frac12\sum_i(\hat x_i-x_i)^2'],[r"T \frac{\partial L}{\partial \hat x_i} = \hat x_i - x_i", r"T \frac{\partial L}{\partial W_{ji}} = (\hat x_i-x_i)h_j + \sum_m (\hat x_m-x_m)W_{jm}\sigma'(\sum_n W_{jn}x_n)x_i", r"F \frac{\partial L}{\partial W_{ji}} = (\hat x_i-x_i)h_j"])
c('diag',[],[r"T \delta^l = \mathrm{diag}(\sigma'(z^l)) (w^{l+1})^T \delta^{l+1}", r"F \delta^l = \mathrm{diag}(\sigma'(z^l)) w^{l+1} \delta^{l+1}",r"F \delta^l = (w^{l+1})^T \mathrm{diag}(\sigma'(z^l)) \delta^{l+1}"])
c('bracket',[r'z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}',r'a^{[l]} = g(z^{[l]})'],[r"T \frac{\partial J}{\partial z^{[l]}} = \left(W^{[l+1]\top} \frac{\partial J}{\partial z^{[l+1]}}\right) \odot g'(z^{[l]})",r"T \frac{\partial J}{\partial W^{[l]}} = \frac{\partial J}{\partial z^{[l]}} a^{[l-1]\top}",r"F \frac{\partial J}{\partial W^{[l]}} = a^{[l-1]} \frac{\partial J}{\partial z^{[l]}}^\top",r"T \frac{\partial J}{\partial b^{[l]}} = \frac{\partial J}{\partial z^{[l]}}"])
c('paren',[r'z_i^{(l)} = \sum_j W_{ij}^{(l)} a_j^{(l-1)} + b_i^{(l)}',r'a_i^{(l)} = f(z_i^{(l)})'],[r"T \delta_i^{(l)} = \frac{\partial J}{\partial z_i^{(l)}}",r"T \delta_i^{(l)} = \left(\sum_j W_{ji}^{(l+1)}\delta_j^{(l+1)}\right) f'(z_i^{(l)})",r"F \delta_i^{(l)} = \left(\sum_j W_{ij}^{(l+1)}\delta_j^{(l+1)}\right) f'(z_i^{(l)})",r"T \frac{\partial J}{\partial W_{ij}^{(l)}} = a_j^{(l-1)}\delta_i^{(l)}",r"F \frac{\partial J}{\partial W_{ij}^{(l)}} = a_j^{(l)}\delta_i^{(l+1)}"])
c('ufldl',[r'z_i^{(l+1)} = \sum_j W_{ij}^{(l)} a_j^{(l)} + b_i^{(l)}',r'a_i^{(l)} = f(z_i^{(l)})'],[r"T \delta_i^{(l)} = \frac{\partial J}{\partial z_i^{(l)}}",r"T \delta_i^{(l)} = \left(\sum_j W_{ji}^{(l)}\delta_j^{(l+1)}\right) f'(z_i^{(l)})",r"F \delta_i^{(l)} = \left(\sum_j W_{ji}^{(l+1)}\delta_j^{(l+1)}\right) f'(z_i^{(l)})",r"T \frac{\partial J}{\partial W_{ij}^{(l)}} = a_j^{(l)}\delta_i^{(l+1)}",r"T \frac{\partial J}{\partial b_i^{(l)}} = \delta_i^{(l+1)}"])
c('bold',[r'\boldsymbol{z} = \boldsymbol{W}\boldsymbol{x}+\boldsymbol{b}',r'\boldsymbol{y} = \sigma(\boldsymbol{z})',r'L = \frac{1}{2}\|\boldsymbol{y}-\boldsymbol{t}\|^2'],[r"T \frac{\partial L}{\partial \boldsymbol{W}} = \left[(\boldsymbol{y}-\boldsymbol{t})\odot\sigma'(\boldsymbol{z})\right]\boldsymbol{x}^\top",r"F \frac{\partial L}{\partial \boldsymbol{W}} = (\boldsymbol{y}-\boldsymbol{t})\boldsymbol{x}^\top",r"T \frac{\partial L}{\partial \boldsymbol{x}} = \boldsymbol{W}^\top\left[(\boldsymbol{y}-\boldsymbol{t})\odot\sigma'(\boldsymbol{z})\right]"])
c('batchmean',[r'C = \frac{1}{n}\sum_x C_x',r'C_x = \frac{1}{2}\sum_j (y_j - a^L_j)^2'],[r"T \frac{\partial C_x}{\partial a^L_j} = a^L_j - y_j"])
c('batchmat2',[r'Z^{[1]} = W^{[1]} X + b^{[1]}',r'A^{[1]} = g(Z^{[1]})',r'Z^{[2]} = W^{[2]}A^{[1]} + b^{[2]}'],[r"T dW^{[2]} = dZ^{[2]} A^{[1]T}",r"T dA^{[1]} = W^{[2]T} dZ^{[2]}",r"T dZ^{[1]} = dA^{[1]} * g'(Z^{[1]})"])
c('mse-mat',[r'L = \|Y - XW\|_F^2'],[r'T \frac{\partial L}{\partial W} = -2X^T(Y-XW)', r'F \frac{\partial L}{\partial W} = -2(Y-XW)X^T'])
c('softmax-mat',[r'p = \mathrm{softmax}(z)',r'L = -\sum_k y_k \log p_k',r'\sum_k y_k = 1'],[r'T \frac{\partial L}{\partial z} = p - y',r'F \frac{\partial L}{\partial z} = y - p', r'T \frac{\partial p}{\partial z} = \mathrm{diag}(p) - pp^T', r'F \frac{\partial p}{\partial z} = \mathrm{diag}(p) + pp^T'])
c('logsumexp',[r'L = -z_y + \log\sum_j e^{z_j}'],[r'T \frac{\partial L}{\partial z_j} = \frac{e^{z_j}}{\sum_k e^{z_k}} - \delta_{jy}'])
c('lse2',[r'L = \log\sum_j e^{z_j}'],[r'T \frac{\partial L}{\partial z_j} = \frac{e^{z_j}}{\sum_k e^{z_k}}', r'F \frac{\partial L}{\partial z_j} = e^{z_j}'])
c('cosine',[r's = \frac{\sum_i a_i b_i}{\sqrt{\sum_i a_i^2}\sqrt{\sum_i b_i^2}}'],[r'T \frac{\partial s}{\partial a_j} = \frac{b_j}{\sqrt{\sum_i a_i^2}\sqrt{\sum_i b_i^2}} - s\frac{a_j}{\sum_i a_i^2}'])
c('norm',[r'n = \sqrt{\sum_i x_i^2}',r'y_i = \frac{x_i}{n}'],[r'T \frac{\partial n}{\partial x_j} = \frac{x_j}{n}',r'T \frac{\partial y_i}{\partial x_j} = \frac{\delta_{ij}}{n} - \frac{x_ix_j}{n^3}',r'F \frac{\partial y_i}{\partial x_j} = \frac{\delta_{ij}}{n} + \frac{x_ix_j}{n^3}'])
c('quad',[r'f = \sum_i\sum_j x_i A_{ij} x_j'],[r'T \frac{\partial f}{\partial x_k} = \sum_j A_{kj}x_j + \sum_i x_i A_{ik}', r'F \frac{\partial f}{\partial x_k} = 2\sum_j A_{kj}x_j'])
c('gate',[r'h_i = g_i u_i',r'g_i = \sigma(\sum_j G_{ij}x_j)',r'u_i = \sum_j U_{ij}x_j'],[r"T \frac{\partial L}{\partial U_{ij}} = \frac{\partial L}{\partial h_i} g_i x_j",r"T \frac{\partial L}{\partial G_{ij}} = \frac{\partial L}{\partial h_i}u_i \sigma'(\sum_k G_{ik}x_k) x_j",r"F \frac{\partial L}{\partial G_{ij}} = \frac{\partial L}{\partial h_i}\sigma'(\sum_k G_{ik}x_k) x_j",r"T \frac{\partial L}{\partial x_j} = \sum_i \frac{\partial L}{\partial h_i}\left(g_i U_{ij} + u_i \sigma'(\sum_k G_{ik}x_k)G_{ij}\right)"])
c('text-sm',['p_i = exp(z_i) / sum_j exp(z_j)','L = - sum_i y_i log(p_i)'],['T dp_i/dz_j = p_i (delta_ij - p_j)','T dL/dz_j = sum_i dL/dp_i dp_i/dz_j','T dL/dp_i = - y_i / p_i','F dL/dp_i = -y_i p_i'],True)
c('text-bp',[],["T delta_j^l = sigma'(z_j^l) sum_k w_kj^{l+1} delta_k^{l+1}","F delta_j^l = sigma'(z_j^l) sum_k w_jk^{l+1} delta_k^{l+1}","T dC/db_j^l = delta_j^l"],True)
c('uni',[],["T ∂C/∂z_j^l = Σ_k ∂C/∂z_k^{l+1} ∂z_k^{l+1}/∂z_j^l","T ∂z_k^{l+1}/∂z_j^l = w_{kj}^{l+1} σ'(z_j^l)","F ∂z_k^{l+1}/∂z_j^l = w_{kj}^{l+1} σ(z_j^l)"],True)
c('one-hot',[r'E = -\sum_i t_i \log y_i',r'y_i = \frac{e^{a_i}}{\sum_k e^{a_k}}'],[r'T \frac{\partial E}{\partial a_i} = y_i\sum_k t_k - t_i'])
c('kl',[r'D = \sum_i p_i \log\frac{p_i}{q_i}'],[r'T \frac{\partial D}{\partial q_i} = -\frac{p_i}{q_i}', r'F \frac{\partial D}{\partial q_i} = \frac{p_i}{q_i}'])
c('momentum',[r'C = \frac12 \sum_j (a_j - y_j)^2',r'a_j = \sigma(z_j)',r'z_j = \sum_k w_{jk}x_k+b_j'],[r"T \frac{\partial C}{\partial w_{jk}} = \sum_i \frac{\partial C}{\partial a_i}\frac{\partial a_i}{\partial z_i}\frac{\partial z_i}{\partial w_{jk}}",r"T = \sum_i (a_i-y_i)\sigma'(z_i)\delta_{ij}x_k",r"T = (a_j-y_j)\sigma'(z_j)x_k", r"F \frac{\partial C}{\partial b_j} = \sum_i (a_i-y_i)\sigma'(z_i)"])
c('hess',[r'C=\frac12\sum_j (a_j-y_j)^2'],[r'T \frac{\partial C}{\partial a_j} = a_j - y_j'])
c('weighttie',[r'z_j = \sum_k w_{k} x_{jk}',r'C = \sum_j z_j^2'],[r'T \frac{\partial C}{\partial w_k} = \sum_j 2 z_j x_{jk}',r'F \frac{\partial C}{\partial w_k} = 2 z_j x_{jk}',r'F \frac{\partial C}{\partial w_k} = 2 \sum_j z_j x_{kj}'])
c('pool',[r'p_i = \frac{1}{n}\sum_{t=1}^{n} x_{ti}'],[r'T \frac{\partial L}{\partial x_{ti}} = \frac1n\frac{\partial L}{\partial p_i}',r'F \frac{\partial L}{\partial x_{ti}} = \frac{\partial L}{\partial p_i}'])
c('vae',[r'z_i = \mu_i + s_i e_i',r's_i = \exp(v_i/2)',r'K = -\frac12\sum_i (1 + v_i - \mu_i^2 - e^{v_i})'],[r'T \frac{\partial K}{\partial \mu_i} = \mu_i',r'T \frac{\partial K}{\partial v_i} = \frac12(e^{v_i}-1)',r'T \frac{\partial z_i}{\partial v_i} = \frac12 e_i s_i', r'F \frac{\partial K}{\partial v_i} = \frac12(1-e^{v_i})'])
c('word2vec',[r'u_j = \sum_i v_i w_{ij}',r'y_j = \frac{e^{u_j}}{\sum_k e^{u_k}}',r'E = -\sum_j t_j\log y_j',r'\sum_j t_j = 1',r'e_j = y_j - t_j'],[r'T \frac{\partial E}{\partial u_j} = e_j',r'T \frac{\partial E}{\partial w_{ij}} = e_j v_i',r'T \frac{\partial E}{\partial v_i} = \sum_j w_{ij}e_j',r'F \frac{\partial E}{\partial v_i} = \sum_j w_{ji} e_j'])
c('dropidx',[r'z_j = \sum_i w_{ji}x_i'],[r'T \frac{\partial z_j}{\partial x_i} = w_{ji}',r'F \frac{\partial z_j}{\partial x_i} = w_{ij}',r'T \frac{\partial z_j}{\partial w_{ji}} = x_i',r'F \frac{\partial z_j}{\partial w_{ki}} = x_i',r'T \frac{\partial z_j}{\partial w_{ki}} = \delta_{jk}x_i'])


def written(definitions: list[str], lines: list[str], text: bool) -> str:
    if text:
        given = ["given", *definitions, "", "derivation"] if definitions else []
        return "\n".join([*given, *lines]) + "\n"
    given = ["% given", *(rf"\[ {one} \]" for one in definitions), "% derivation"] if definitions else []
    return "\n".join([*given, r"\begin{align}", " \\\\\n".join(lines), r"\end{align}"]) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_row_is_proved_where_it_is_true_and_refuted_where_it_is_false(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mender, "repair", lambda mender, row: None)  # what mends a row is asked elsewhere
    name, definitions, rows, text = case
    found = [line.verdict for line in bp.check(written(definitions, [row for _, row in rows], text)).lines]
    wanted = ["proved" if mark == "T" else "refuted" for mark, _ in rows]
    wrong = [(row, one, other) for (_, row), one, other in zip(rows, wanted, found, strict=True) if one != other]
    assert all(other == "undecided" for _, _, other in wrong), wrong
    assert bool(wrong) == (name in OPEN), wrong or "decided: take it out of the list"
