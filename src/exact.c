/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "exact.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* 2^(i/128) = value (1 + rest), each rounded to nearest: value from 60 decimal digits, rest from the exact
 * quotient of both, less 1. */
static const struct {
    double value, rest;
} powers[128] = {
    {1, 0},
    {0x1.0163da9fb3335p+0, 0x1.b3b4f1a88bf6ep-54},
    {0x1.02c9a3e778061p+0, -0x1.160139cd8dc5dp-56},
    {0x1.04315e86e7f85p+0, -0x1.05e7a108766d1p-54},
    {0x1.059b0d3158574p+0, 0x1.cd2523567f613p-55},
    {0x1.0706b29ddf6dep+0, -0x1.bce8023f98efap-55},
    {0x1.0874518759bc8p+0, 0x1.0f74e61e6c861p-57},
    {0x1.09e3ecac6f383p+0, 0x1.0a3e45b33d399p-54},
    {0x1.0b5586cf9890fp+0, 0x1.79aa65d837b6dp-54},
    {0x1.0cc922b7247f7p+0, 0x1.eb51a92fdeffcp-55},
    {0x1.0e3ec32d3d1a2p+0, 0x1.ebe3d702f9cd1p-60},
    {0x1.0fb66affed31bp+0, -0x1.a033489906e0bp-57},
    {0x1.11301d0125b51p+0, -0x1.556522a2fbd0ep-54},
    {0x1.12abdc06c31ccp+0, -0x1.080ef8c4eea55p-58},
    {0x1.1429aaea92de0p+0, -0x1.1c923b9d5f416p-54},
    {0x1.15a98c8a58e51p+0, 0x1.0d3e3e95c55afp-55},
    {0x1.172b83c7d517bp+0, -0x1.01b15eaa59348p-55},
    {0x1.18af9388c8deap+0, -0x1.f1ff055de323dp-55},
    {0x1.1a35beb6fcb75p+0, 0x1.b898c3f1353bfp-55},
    {0x1.1bbe084045cd4p+0, -0x1.6d99c7611eb26p-54},
    {0x1.1d4873168b9aap+0, 0x1.aecf73e3a2f60p-54},
    {0x1.1ed5022fcd91dp+0, -0x1.fe782cb86389dp-55},
    {0x1.2063b88628cd6p+0, 0x1.a6f4144a6c38dp-55},
    {0x1.21f49917ddc96p+0, 0x1.07a05b0e4047dp-55},
    {0x1.2387a6e756238p+0, 0x1.68efde3a8a894p-54},
    {0x1.251ce4fb2a63fp+0, 0x1.75e18f274487dp-55},
    {0x1.26b4565e27cddp+0, 0x1.0472b981fe7f2p-55},
    {0x1.284dfe1f56381p+0, -0x1.6b87b3f71085ep-54},
    {0x1.29e9df51fdee1p+0, 0x1.2f7e16d09ab31p-55},
    {0x1.2b87fd0dad990p+0, -0x1.d219b1a6fbffap-60},
    {0x1.2d285a6e4030bp+0, 0x1.b3782720c0ab4p-55},
    {0x1.2ecafa93e2f56p+0, 0x1.e149289cecb8fp-57},
    {0x1.306fe0a31b715p+0, 0x1.34d754db0abb6p-55},
    {0x1.32170fc4cd831p+0, 0x1.64201e2ac744cp-55},
    {0x1.33c08b26416ffp+0, 0x1.fdd395dd3f84ap-55},
    {0x1.356c55f929ff1p+0, -0x1.6a3803b8e5b04p-55},
    {0x1.371a7373aa9cbp+0, -0x1.24aedcc4b5068p-54},
    {0x1.38cae6d05d866p+0, -0x1.907f81b512d8ep-54},
    {0x1.3a7db34e59ff7p+0, -0x1.1d1e83e9436d2p-56},
    {0x1.3c32dc313a8e5p+0, -0x1.91919b3ce1b15p-54},
    {0x1.3dea64c123422p+0, 0x1.59f48a72a4c6dp-55},
    {0x1.3fa4504ac801cp+0, -0x1.312607a28698ap-54},
    {0x1.4160a21f72e2ap+0, -0x1.8a78f4817895bp-58},
    {0x1.431f5d950a897p+0, -0x1.c2c9b67499a1bp-56},
    {0x1.44e086061892dp+0, 0x1.363ed60c2ac11p-59},
    {0x1.46a41ed1d0057p+0, 0x1.666093b0664efp-54},
    {0x1.486a2b5c13cd0p+0, 0x1.ecce1daa10379p-57},
    {0x1.4a32af0d7d3dep+0, 0x1.3ff8e3f0f1230p-54},
    {0x1.4bfdad5362a27p+0, 0x1.690cebb7aafb0p-56},
    {0x1.4dcb299fddd0dp+0, 0x1.31dbdeb54e077p-54},
    {0x1.4f9b2769d2ca7p+0, -0x1.f94340071a38ep-55},
    {0x1.516daa2cf6642p+0, -0x1.7deccdc93a349p-55},
    {0x1.5342b569d4f82p+0, -0x1.8dec6bd0f385fp-56},
    {0x1.551a4ca5d920fp+0, -0x1.61246ec7b5cf6p-55},
    {0x1.56f4736b527dap+0, 0x1.3350518fdd78ep-54},
    {0x1.58d12d497c7fdp+0, 0x1.b98b72f8a9b05p-56},
    {0x1.5ab07dd485429p+0, 0x1.063e1e21c5409p-54},
    {0x1.5c9268a5946b7p+0, 0x1.4c7855019c6eap-60},
    {0x1.5e76f15ad2148p+0, 0x1.432e62b64c035p-54},
    {0x1.605e1b976dc09p+0, -0x1.ce44a6199769fp-55},
    {0x1.6247eb03a5585p+0, -0x1.c33c53bef4da8p-55},
    {0x1.6434634ccc320p+0, -0x1.45378892be9aep-55},
    {0x1.6623882552225p+0, -0x1.3cedd78565858p-54},
    {0x1.68155d44ca973p+0, 0x1.710aa807e1964p-58},
    {0x1.6a09e667f3bcdp+0, -0x1.3b3efbf5e2228p-54},
    {0x1.6c012750bdabfp+0, -0x1.a12ad8734b982p-57},
    {0x1.6dfb23c651a2fp+0, -0x1.367efb86da9eep-57},
    {0x1.6ff7df9519484p+0, -0x1.0dc3d54e08851p-55},
    {0x1.71f75e8ec5f74p+0, -0x1.81f647e5a3ecfp-56},
    {0x1.73f9a48a58174p+0, -0x1.6ee4ac08b7db0p-55},
    {0x1.75feb564267c9p+0, -0x1.619321e55e68ap-55},
    {0x1.780694fde5d3fp+0, 0x1.09ccb5e09d4d3p-54},
    {0x1.7a11473eb0187p+0, -0x1.b32dcb94da51dp-56},
    {0x1.7c1ed0130c132p+0, 0x1.4ecfd5467c06bp-54},
    {0x1.7e2f336cf4e62p+0, 0x1.5ebe1abd66c55p-57},
    {0x1.80427543e1a12p+0, -0x1.8a1c52fb3cf42p-55},
    {0x1.82589994cce13p+0, -0x1.369b6f13b3734p-54},
    {0x1.8471a4623c7adp+0, -0x1.05e843a19ff1ep-55},
    {0x1.868d99b4492edp+0, -0x1.4d450d872576ep-54},
    {0x1.88ac7d98a6699p+0, 0x1.0ad675b0e8a00p-54},
    {0x1.8ace5422aa0dbp+0, 0x1.db72fc1f0eab4p-55},
    {0x1.8cf3216b5448cp+0, -0x1.5b6609cc5e7ffp-57},
    {0x1.8f1ae99157736p+0, 0x1.bf68359f35f44p-56},
    {0x1.9145b0b91ffc6p+0, -0x1.3091fa71e3d83p-54},
    {0x1.93737b0cdc5e5p+0, -0x1.da9b88b6c1e29p-58},
    {0x1.95a44cbc8520fp+0, -0x1.c23f97c90b959p-57},
    {0x1.97d829fde4e50p+0, -0x1.2434322f4f9aap-54},
    {0x1.9a0f170ca07bap+0, -0x1.5ca6cd7668e4bp-55},
    {0x1.9c49182a3f090p+0, 0x1.1affc2b91ce27p-56},
    {0x1.9e86319e32323p+0, 0x1.dd235e10a73bbp-57},
    {0x1.a0c667b5de565p+0, -0x1.7c50422622263p-55},
    {0x1.a309bec4a2d33p+0, 0x1.b1c86e3e231d5p-55},
    {0x1.a5503b23e255dp+0, -0x1.1bbd1d3bcbb15p-54},
    {0x1.a799e1330b358p+0, 0x1.0cc319cee31d2p-54},
    {0x1.a9e6b5579fdbfp+0, 0x1.469846e735ab3p-55},
    {0x1.ac36bbfd3f37ap+0, -0x1.2dfcd978e9db4p-55},
    {0x1.ae89f995ad3adp+0, 0x1.c1a7792cb3387p-55},
    {0x1.b0e07298db666p+0, -0x1.07b8f4ad1d9fap-54},
    {0x1.b33a2b84f15fbp+0, -0x1.5c3d956dcaebap-58},
    {0x1.b59728de5593ap+0, -0x1.0a40e3da6f640p-54},
    {0x1.b7f76f2fb5e47p+0, -0x1.8d6f438ad9334p-57},
    {0x1.ba5b030a1064ap+0, -0x1.1eee26b588a35p-54},
    {0x1.bcc1e904bc1d2p+0, 0x1.4ffd70a5fddcdp-56},
    {0x1.bf2c25bd71e09p+0, -0x1.1bdfbfa9298acp-54},
    {0x1.c199bdd85529cp+0, 0x1.36eae30af0cb3p-56},
    {0x1.c40ab5fffd07ap+0, 0x1.ee3325c9ffd94p-55},
    {0x1.c67f12e57d14bp+0, 0x1.4e08fd10959acp-55},
    {0x1.c8f6d9406e7b5p+0, 0x1.3cdaf384e1a67p-57},
    {0x1.cb720dcef9069p+0, 0x1.76b2c6c921968p-57},
    {0x1.cdf0b555dc3fap+0, -0x1.08a1883ccb5d2p-55},
    {0x1.d072d4a07897cp+0, -0x1.fad5d3ffffa6fp-55},
    {0x1.d2f87080d89f2p+0, -0x1.00dae3875a949p-54},
    {0x1.d5818dcfba487p+0, 0x1.4a385a63d07a7p-56},
    {0x1.d80e316c98398p+0, -0x1.2919e2040220fp-55},
    {0x1.da9e603db3285p+0, 0x1.e5a50d5c192acp-55},
    {0x1.dd321f301b460p+0, 0x1.43a59ac016b4bp-55},
    {0x1.dfc97337b9b5fp+0, -0x1.2d52107b43e1fp-55},
    {0x1.e264614f5a129p+0, -0x1.92ab93b470dc9p-55},
    {0x1.e502ee78b3ff6p+0, 0x1.4b604603a88d3p-56},
    {0x1.e7a51fbc74c83p+0, 0x1.3c5ec519d7271p-55},
    {0x1.ea4afa2a490dap+0, -0x1.ff7128fd391f0p-55},
    {0x1.ecf482d8e67f1p+0, -0x1.dae98e223747dp-55},
    {0x1.efa1bee615a27p+0, 0x1.ec3bc41aa2008p-55},
    {0x1.f252b376bba97p+0, 0x1.42b94c3a9eb32p-55},
    {0x1.f50765b6e4540p+0, 0x1.a64a931d185eep-55},
    {0x1.f7bfdad9cbe14p+0, -0x1.e37bae43be3edp-55},
    {0x1.fa7c1819e90d8p+0, 0x1.7893b4d91cd9dp-56},
    {0x1.fd3c22b8f71f1p+0, 0x1.305c14160cc89p-58},
};

/* 1/c, with 8 binary digits after the point, for the middle c of each 128th of [f, 2 f), f = 0x1.69555p-1; log(c)
 * rounded to a multiple of 2^-43, so that a whole number of ln 2, of as many digits, is added exactly; and what
 * that leaves. */
static const struct {
    double inverse, log, rest;
} two_logs[128] = {
    {0x16ap-8, -0x1.62c82f2b9c800p-2, 0x1.ab42428375680p-48},
    {0x168p-8, -0x1.5d1bdbf580800p-2, -0x1.ca508d8e0f720p-46},
    {0x166p-8, -0x1.5767717455800p-2, -0x1.362a4d5b6506dp-45},
    {0x164p-8, -0x1.51aad872df800p-2, -0x1.684e49eb067d5p-49},
    {0x162p-8, -0x1.4be5f95777800p-2, -0x1.41b6993293ee0p-47},
    {0x160p-8, -0x1.4618bc21c6000p-2, 0x1.3d82f484c84ccp-46},
    {0x15ep-8, -0x1.404308686a800p-2, 0x1.c42f3ed820b3ap-50},
    {0x15cp-8, -0x1.3a64c55694800p-2, 0x1.0b1c686519460p-45},
    {0x15ap-8, -0x1.347dd9a988000p-2, 0x1.5594dd4c58092p-45},
    {0x159p-8, -0x1.31871c9544000p-2, -0x1.84fab94cecfd9p-46},
    {0x157p-8, -0x1.2b9303ab8a000p-2, 0x1.6db12d6bfb0a5p-45},
    {0x155p-8, -0x1.2596010df7800p-2, 0x1.c610f76c57076p-46},
    {0x153p-8, -0x1.1f8ff9e48a000p-2, -0x1.7946c040cbe77p-45},
    {0x152p-8, -0x1.1c898c1699800p-2, -0x1.fafbc68e75404p-46},
    {0x150p-8, -0x1.1675cababa800p-2, 0x1.f1fc63382a8f0p-46},
    {0x14ep-8, -0x1.1058bf9ae4800p-2, -0x1.6a8c4fd055a66p-45},
    {0x14cp-8, -0x1.0a324e2739000p-2, -0x1.c6bee7ef4030ep-47},
    {0x14bp-8, -0x1.071b85fcd5800p-2, -0x1.0d1d1707f97bep-46},
    {0x149p-8, -0x1.00e6c45ad5000p-2, -0x1.cc68d52e01203p-50},
    {0x147p-8, -0x1.f550a564b8000p-3, 0x1.323e3a09202fep-45},
    {0x146p-8, -0x1.ef0adcbdc6000p-3, 0x1.b26b79c86af24p-45},
    {0x144p-8, -0x1.e27076e2af000p-3, -0x1.72f4f543fff10p-46},
    {0x143p-8, -0x1.dc1bca0abf000p-3, 0x1.c14f9675ccce9p-46},
    {0x141p-8, -0x1.cf6354e09c000p-3, -0x1.771239a07d55bp-45},
    {0x13fp-8, -0x1.c2968558c2000p-3, 0x1.cfd73dee38a40p-45},
    {0x13ep-8, -0x1.bc286742d9000p-3, 0x1.94eb0318bb78fp-46},
    {0x13cp-8, -0x1.af3c94e80c000p-3, 0x1.a4e633fcd9066p-52},
    {0x13bp-8, -0x1.a8becfc883000p-3, 0x1.ce7a30de4630ep-48},
    {0x139p-8, -0x1.9bb362e7e0000p-3, 0x1.1f2a8a1ce0ffcp-45},
    {0x138p-8, -0x1.9525a9cf45000p-3, -0x1.ad1d904c1d4e3p-45},
    {0x136p-8, -0x1.87fa06520d000p-3, 0x1.bbdbf7fdbfa09p-45},
    {0x135p-8, -0x1.815c0a1435000p-3, -0x1.fab5a0dbfc630p-45},
    {0x133p-8, -0x1.740f8f5403000p-3, -0x1.e9326cdfceabep-45},
    {0x132p-8, -0x1.6d60fe719d000p-3, -0x1.0e46aa3b2e266p-46},
    {0x131p-8, -0x1.66acd4272b000p-3, 0x1.5790900e4e1ebp-46},
    {0x12fp-8, -0x1.59338d9982000p-3, -0x1.0ba68b7555d4ap-48},
    {0x12ep-8, -0x1.526e5e3a1b000p-3, -0x1.0de8b90075b8fp-45},
    {0x12cp-8, -0x1.44d2b6ccb8000p-3, 0x1.70cc16135783cp-46},
    {0x12bp-8, -0x1.3dfc2b0ecc000p-3, -0x1.8a72a62b8c13fp-45},
    {0x12ap-8, -0x1.371fc201e9000p-3, 0x1.178864d27543ap-48},
    {0x128p-8, -0x1.29552f81ff000p-3, -0x1.48d301771c408p-45},
    {0x127p-8, -0x1.2266f190a6000p-3, 0x1.4d20ab840e7f6p-45},
    {0x126p-8, -0x1.1b72ad52f6000p-3, -0x1.e80a41811a396p-45},
    {0x124p-8, -0x1.0d77e7cd09000p-3, 0x1.a699688e85bf4p-47},
    {0x123p-8, -0x1.0671512ca6000p-3, 0x1.a47579cdc0a3dp-45},
    {0x122p-8, -0x1.fec9131dbe000p-4, -0x1.575545ca333f2p-45},
    {0x120p-8, -0x1.e27076e2b0000p-4, 0x1.a342c2af0003cp-45},
    {0x11fp-8, -0x1.d4313d66cc000p-4, 0x1.9454379135713p-45},
    {0x11ep-8, -0x1.c5e548f5bc000p-4, -0x1.d0c57585fbe06p-46},
    {0x11dp-8, -0x1.b78c82bb0e000p-4, -0x1.b4210878cf032p-45},
    {0x11cp-8, -0x1.a926d3a4ae000p-4, 0x1.53935e85baac8p-45},
    {0x11ap-8, -0x1.8c345d631a000p-4, 0x1.37c294d2f5668p-46},
    {0x119p-8, -0x1.7da766d7b2000p-4, 0x1.a66f776fe6ecap-45},
    {0x118p-8, -0x1.6f0d28ae56000p-4, -0x1.69737c93373dap-45},
    {0x117p-8, -0x1.60658a9376000p-4, 0x1.e789c422c7611p-45},
    {0x115p-8, -0x1.42edcbea64000p-4, -0x1.bc0eeea7c9acdp-46},
    {0x114p-8, -0x1.341d7961be000p-4, 0x1.c5edaccf913dfp-45},
    {0x113p-8, -0x1.253f62f0a2000p-4, 0x1.7d20e092cb1fep-45},
    {0x112p-8, -0x1.16536eea38000p-4, 0x1.47c5e768fa309p-46},
    {0x111p-8, -0x1.075983598e000p-4, -0x1.1c4c06d2999e2p-46},
    {0x110p-8, -0x1.f0a30c0118000p-5, 0x1.d599e83368e91p-45},
    {0x10fp-8, -0x1.d276b8adb0000p-5, -0x1.6a423c78a64b0p-46},
    {0x10ep-8, -0x1.b42dd71198000p-5, 0x1.c827ae5d6704cp-46},
    {0x10cp-8, -0x1.77458f632c000p-5, -0x1.cfc4634f2a1eep-45},
    {0x10bp-8, -0x1.58a5bafc90000p-5, 0x1.b2b739570ad39p-45},
    {0x10ap-8, -0x1.39e87b9fec000p-5, 0x1.502b7f526feaap-48},
    {0x109p-8, -0x1.1b0d98923c000p-5, -0x1.97fc2ca2eec8ap-45},
    {0x108p-8, -0x1.f829b0e780000p-6, -0x1.980267c7e09e4p-45},
    {0x107p-8, -0x1.b9fc027af8000p-6, -0x1.197fbd465b759p-46},
    {0x106p-8, -0x1.7b91b07d58000p-6, -0x1.88d5493faa639p-45},
    {0x105p-8, -0x1.3cea443468000p-6, -0x1.2ba779a52b7eap-45},
    {0x104p-8, -0x1.fc0a8b0fc0000p-7, -0x1.f1e7cf6d3a69cp-50},
    {0x103p-8, -0x1.7dc475f810000p-7, -0x1.4edba4a25e0b1p-48},
    {0x102p-8, -0x1.fe02a6b100000p-8, -0x1.9e23f0dda40e4p-46},
    {0x101p-8, -0x1.ff00aa2b00000p-9, -0x1.0bc04a086b56ap-45},
    {0x100p-8, 0, 0},
    {0xfep-8, 0x1.0101575890000p-7, -0x1.0c76b999d2be8p-46},
    {0xfcp-8, 0x1.0205658938000p-6, -0x1.3dc5b06e2f7d2p-45},
    {0xfap-8, 0x1.8492528c90000p-6, -0x1.aa0ba325a0c34p-45},
    {0xf8p-8, 0x1.0415d89e74000p-5, 0x1.111c05cf1d753p-47},
    {0xf6p-8, 0x1.466aed42e0000p-5, -0x1.c167375bdfd28p-45},
    {0xf4p-8, 0x1.894aa149fc000p-5, -0x1.97995d05a267dp-46},
    {0xf2p-8, 0x1.ccb73cdddc000p-5, -0x1.a68f247d82807p-46},
    {0xf1p-8, 0x1.eea31c006c000p-5, -0x1.e113e4fc93b7bp-47},
    {0xefp-8, 0x1.1973bd1466000p-4, -0x1.5325d560d9e9bp-45},
    {0xedp-8, 0x1.3bdf5a7d1e000p-4, 0x1.cc85ea5db4ed7p-45},
    {0xebp-8, 0x1.5e95a4d97a000p-4, -0x1.c69063c5d1d1ep-45},
    {0xeap-8, 0x1.700d30aeac000p-4, 0x1.c1e8da99ded32p-49},
    {0xe8p-8, 0x1.9335e5d594000p-4, 0x1.3115c3abd47dap-45},
    {0xe6p-8, 0x1.b6ac88dad6000p-4, -0x1.390802bf768e5p-46},
    {0xe5p-8, 0x1.c885801bc4000p-4, 0x1.646d1c65aacd3p-45},
    {0xe3p-8, 0x1.ec739830a2000p-4, -0x1.dc068afe645e0p-45},
    {0xe2p-8, 0x1.fe89139dbe000p-4, -0x1.534d64fa10afdp-45},
    {0xe0p-8, 0x1.1178e8227e000p-3, 0x1.1ef78ce2d07f2p-45},
    {0xdfp-8, 0x1.1aa2b7e23f000p-3, 0x1.ca78e44389934p-45},
    {0xddp-8, 0x1.2d1610c868000p-3, 0x1.39d6ccb81b4a1p-47},
    {0xdcp-8, 0x1.365fcb0159000p-3, 0x1.62fa8234b7289p-51},
    {0xdap-8, 0x1.4913d8333b000p-3, 0x1.5837954fdb678p-45},
    {0xd9p-8, 0x1.527e5e4a1b000p-3, 0x1.633e8e5697dc7p-45},
    {0xd7p-8, 0x1.6574ebe8c1000p-3, 0x1.9cf8b2c3c2e78p-46},
    {0xd6p-8, 0x1.6f0128b757000p-3, -0x1.5118de59c21e1p-45},
    {0xd5p-8, 0x1.7898d85445000p-3, -0x1.c661070914305p-46},
    {0xd3p-8, 0x1.8beafeb390000p-3, -0x1.73d54aae92cd1p-47},
    {0xd2p-8, 0x1.95a5adcf70000p-3, 0x1.7f22858a0ff6fp-47},
    {0xd0p-8, 0x1.a93ed3c8ae000p-3, -0x1.8724350562169p-45},
    {0xcfp-8, 0x1.b31d8575bd000p-3, -0x1.c358d4eace1aap-47},
    {0xcep-8, 0x1.bd087383be000p-3, -0x1.d4bc4595412b6p-45},
    {0xcdp-8, 0x1.c6ffbc6f01000p-3, -0x1.1ec72c5962bd2p-48},
    {0xcbp-8, 0x1.db13db0d49000p-3, -0x1.aff2af715b035p-45},
    {0xcap-8, 0x1.e530effe71000p-3, 0x1.212276041f430p-51},
    {0xc9p-8, 0x1.ef5ade4dd0000p-3, -0x1.a211565bb8e11p-51},
    {0xc8p-8, 0x1.f991c6cb3b000p-3, 0x1.bcbecca0cdf30p-46},
    {0xc6p-8, 0x1.07138604d5800p-2, 0x1.89cdb16ed4e91p-48},
    {0xc5p-8, 0x1.0c42d67616000p-2, 0x1.7188b163ceae9p-45},
    {0xc4p-8, 0x1.1178e8227e800p-2, -0x1.c210e63a5f01cp-45},
    {0xc3p-8, 0x1.16b5ccbacf800p-2, 0x1.b9acdf7a51681p-45},
    {0xc2p-8, 0x1.1bf99635a6800p-2, 0x1.ca6ed5147bdb7p-45},
    {0xc1p-8, 0x1.214456d0eb800p-2, 0x1.a87deba46baeap-47},
    {0xbfp-8, 0x1.2bef07cdc9000p-2, 0x1.a9cfa4a5004f4p-45},
    {0xbep-8, 0x1.314f1e1d36000p-2, -0x1.8e27ad3213cb8p-45},
    {0xbdp-8, 0x1.36b6776be1000p-2, 0x1.16ecdb0f177c8p-46},
    {0xbcp-8, 0x1.3c25277333000p-2, 0x1.83b54b606bd5cp-46},
    {0xbbp-8, 0x1.419b423d5e800p-2, 0x1.8e436ec90e09dp-47},
    {0xbap-8, 0x1.4718dc271c800p-2, -0x1.f27ce0967d675p-45},
    {0xb9p-8, 0x1.4c9e09e173000p-2, -0x1.e20891b0ad8a4p-45},
    {0xb8p-8, 0x1.522ae0738a000p-2, 0x1.ebe708164c759p-45},
    {0xb7p-8, 0x1.57bf753c8d000p-2, 0x1.fadedee5d40efp-46},
    {0xb6p-8, 0x1.5d5bddf596000p-2, -0x1.a0b2a08a465dcp-47},
};

/* For each 128th of [f, 2 f), f = 0x1.ap-1: 1/c for a c near its middle at which log(c) is a multiple of 2^-43 up
 * to 2^-66, so that a whole number of ln 2, of as many digits, is added exactly; and log(c). Those of Arm's
 * routines. */
static const struct {
    double inverse, log;
} one_logs[128] = {
    {0x1.734f0c3e0de9fp+0, -0x1.7cc7f79e69p-2},  {0x1.713786a2ce91fp+0, -0x1.76feec20dp-2},
    {0x1.6f26008fab5ap+0, -0x1.713e31351ep-2},   {0x1.6d1a61f138c7dp+0, -0x1.6b85b382878p-2},
    {0x1.6b1490bc5b4d1p+0, -0x1.65d55908078p-2}, {0x1.69147332f0cbap+0, -0x1.602d07618p-2},
    {0x1.6719f18224223p+0, -0x1.5a8ca86909p-2},  {0x1.6524f99a51ed9p+0, -0x1.54f4356035p-2},
    {0x1.63356aa8f24c4p+0, -0x1.4f637c36b4p-2},  {0x1.614b36b9ddc14p+0, -0x1.49da7fda85p-2},
    {0x1.5f66452c65c4cp+0, -0x1.445923989a8p-2}, {0x1.5d867b5912c4fp+0, -0x1.3edf439b0b8p-2},
    {0x1.5babccb5b90dep+0, -0x1.396ce448f7p-2},  {0x1.59d61f2d91a78p+0, -0x1.3401e17bdap-2},
    {0x1.5805612465687p+0, -0x1.2e9e2ef468p-2},  {0x1.56397cee76bd3p+0, -0x1.2941b3830ep-2},
    {0x1.54725e2a77f93p+0, -0x1.23ec58cda88p-2}, {0x1.52aff42064583p+0, -0x1.1e9e129279p-2},
    {0x1.50f22dbb2bddfp+0, -0x1.1956d2b48f8p-2}, {0x1.4f38f4734ded7p+0, -0x1.141679ab9f8p-2},
    {0x1.4d843cfde284p+0, -0x1.0edd094ef98p-2},  {0x1.4bd3ec078a3c8p+0, -0x1.09aa518db1p-2},
    {0x1.4a27fc3e0258ap+0, -0x1.047e65263b8p-2}, {0x1.4880524d48434p+0, -0x1.feb224586fp-3},
    {0x1.46dce1b192d0bp+0, -0x1.f474a7517bp-3},  {0x1.453d9d3391854p+0, -0x1.ea4443d103p-3},
    {0x1.43a2744b4845ap+0, -0x1.e020d44e9bp-3},  {0x1.420b54115f8fbp+0, -0x1.d60a22977fp-3},
    {0x1.40782da3ef4b1p+0, -0x1.cc00104959p-3},  {0x1.3ee8f5d57fe8fp+0, -0x1.c202956891p-3},
    {0x1.3d5d9a00b4ce9p+0, -0x1.b81178d811p-3},  {0x1.3bd60c010c12bp+0, -0x1.ae2c9ccd3dp-3},
    {0x1.3a5242b75dab8p+0, -0x1.a45402e129p-3},  {0x1.38d22cd9fd002p+0, -0x1.9a877681dfp-3},
    {0x1.3755bc5847a1cp+0, -0x1.90c6d69483p-3},  {0x1.35dce49ad36e2p+0, -0x1.87120a645cp-3},
    {0x1.34679984dd44p+0, -0x1.7d68fb4143p-3},   {0x1.32f5cceffcb24p+0, -0x1.73cb83c627p-3},
    {0x1.3187775a10d49p+0, -0x1.6a39a9b376p-3},  {0x1.301c8373e399p+0, -0x1.60b3154b7ap-3},
    {0x1.2eb4ebb95f841p+0, -0x1.5737d76243p-3},  {0x1.2d50a0219a9d1p+0, -0x1.4dc7b8fc23p-3},
    {0x1.2bef9a8b7fd2ap+0, -0x1.4462c51d2p-3},   {0x1.2a91c7a0c1babp+0, -0x1.3b08abc83p-3},
    {0x1.293726014b53p+0, -0x1.31b996b49p-3},    {0x1.27dfa5757a1f5p+0, -0x1.2875490a44p-3},
    {0x1.268b39b1d3bbfp+0, -0x1.1f3b9f879ap-3},  {0x1.2539d838ff5bdp+0, -0x1.160c8252cap-3},
    {0x1.23eb7aac9083bp+0, -0x1.0ce7f57f72p-3},  {0x1.22a012ba940b6p+0, -0x1.03cdc49feap-3},
    {0x1.2157996cc4132p+0, -0x1.f57bdbc4b8p-4},  {0x1.201201dd2fc9bp+0, -0x1.e370896404p-4},
    {0x1.1ecf4494d480bp+0, -0x1.d17983ef94p-4},  {0x1.1d8f5528f6569p+0, -0x1.bf9674ed8ap-4},
    {0x1.1c52311577e7cp+0, -0x1.adc79202f6p-4},  {0x1.1b17c74cb26e9p+0, -0x1.9c0c3e7288p-4},
    {0x1.19e010c2c1ab6p+0, -0x1.8a646b372cp-4},  {0x1.18ab07bb670bdp+0, -0x1.78d01b3acp-4},
    {0x1.1778a25efbcb6p+0, -0x1.674f14538p-4},   {0x1.1648d354c31dap+0, -0x1.55e0e6d878p-4},
    {0x1.151b990275fddp+0, -0x1.4485cdea1ep-4},  {0x1.13f0ea432d24cp+0, -0x1.333d94d6aap-4},
    {0x1.12c8b7210f9dap+0, -0x1.22079f8c56p-4},  {0x1.11a3028ecb531p+0, -0x1.10e4698622p-4},
    {0x1.107fbda8434afp+0, -0x1.ffa6c6ad2p-5},   {0x1.0f5ee0f4e6bb3p+0, -0x1.dda8d4a774p-5},
    {0x1.0e4065d2a9fcep+0, -0x1.bbcece485p-5},   {0x1.0d244632ca521p+0, -0x1.9a1894012cp-5},
    {0x1.0c0a77ce2981ap+0, -0x1.788583302cp-5},  {0x1.0af2f83c636d1p+0, -0x1.5715e67d68p-5},
    {0x1.09ddb98a01339p+0, -0x1.35c8a49658p-5},  {0x1.08cabaf52e7dfp+0, -0x1.149e364154p-5},
    {0x1.07b9f2f4e28fbp+0, -0x1.e72c082eb8p-6},  {0x1.06ab58c358f19p+0, -0x1.a55f152528p-6},
    {0x1.059eea5ecf92cp+0, -0x1.63d62cf818p-6},  {0x1.04949cdd12c9p+0, -0x1.228fb8caap-6},
    {0x1.038c6c6f0ada9p+0, -0x1.c317b20f9p-7},   {0x1.02865137932a9p+0, -0x1.419355daap-7},
    {0x1.0182427ea7348p+0, -0x1.81203c2ecp-8},   {0x1.008040614b195p+0, -0x1.004097924p-9},
    {0x1.fe01ff726fa1ap-1, 0x1.feff3849p-9},     {0x1.fa11cc261ea74p-1, 0x1.7dc41353dp-7},
    {0x1.f6310b081992ep-1, 0x1.3cea3c4c28p-6},   {0x1.f25f63ceeadcdp-1, 0x1.b9fc11489p-6},
    {0x1.ee9c8039113e7p-1, 0x1.1b0d8ce11p-5},    {0x1.eae8078cbb1abp-1, 0x1.58a5bd001cp-5},
    {0x1.e741aa29d0c9bp-1, 0x1.95c8340d88p-5},   {0x1.e3a91830a99b5p-1, 0x1.d276aef578p-5},
    {0x1.e01e009609a56p-1, 0x1.07598e598cp-4},   {0x1.dca01e577bb98p-1, 0x1.253f5e30d2p-4},
    {0x1.d92f20b7c9103p-1, 0x1.42edd8b38p-4},    {0x1.d5cac66fb5ccep-1, 0x1.606598757cp-4},
    {0x1.d272caa5ede9dp-1, 0x1.7da76356ap-4},    {0x1.cf26e3e6b2ccdp-1, 0x1.9ab434e1c6p-4},
    {0x1.cbe6da2a77902p-1, 0x1.b78c7bb0d6p-4},   {0x1.c8b266d37086dp-1, 0x1.d431332e72p-4},
    {0x1.c5894bd5d5804p-1, 0x1.f0a3171de6p-4},   {0x1.c26b533bb9f8cp-1, 0x1.067152b914p-3},
    {0x1.bf583eeece73fp-1, 0x1.147858292bp-3},   {0x1.bc4fd75db96c1p-1, 0x1.2266ecdca3p-3},
    {0x1.b951e0c864a28p-1, 0x1.303d7a6c55p-3},   {0x1.b65e2c5ef3e2cp-1, 0x1.3dfc33c331p-3},
    {0x1.b374867c9888bp-1, 0x1.4ba366b7a8p-3},   {0x1.b094b211d304ap-1, 0x1.5933928d1fp-3},
    {0x1.adbe885f2ef7ep-1, 0x1.66acd2418fp-3},   {0x1.aaf1d31603da2p-1, 0x1.740f8ec669p-3},
    {0x1.a82e63fd358a7p-1, 0x1.815c0f51afp-3},   {0x1.a5740ef09738bp-1, 0x1.8e92954f68p-3},
    {0x1.a2c2a90ab4b27p-1, 0x1.9bb3602f84p-3},   {0x1.a01a01393f2d1p-1, 0x1.a8bed1c2cp-3},
    {0x1.9d79f24db3c1bp-1, 0x1.b5b515c01dp-3},   {0x1.9ae2505c7b19p-1, 0x1.c2967ccbccp-3},
    {0x1.9852ef297ce2fp-1, 0x1.cf635d5486p-3},   {0x1.95cbaeea44b75p-1, 0x1.dc1bd3446cp-3},
    {0x1.934c69de74838p-1, 0x1.e8c01b8cfep-3},   {0x1.90d4f2f6752e6p-1, 0x1.f5509c0179p-3},
    {0x1.8e6528effd79dp-1, 0x1.00e6c121fb8p-2},  {0x1.8bfce9fcc007cp-1, 0x1.071b80e93dp-2},
    {0x1.899c0dabec30ep-1, 0x1.0d46b9e867p-2},   {0x1.87427aa2317fbp-1, 0x1.13687334bdp-2},
    {0x1.84f00acb39a08p-1, 0x1.1980d672348p-2},  {0x1.82a49e8653e55p-1, 0x1.1f8ffe0cc8p-2},
    {0x1.8060195f4026p-1, 0x1.2595fd76368p-2},   {0x1.7e22563e0a329p-1, 0x1.2b9300914a8p-2},
    {0x1.7beb377dcb5adp-1, 0x1.3187210436p-2},   {0x1.79baa679725c2p-1, 0x1.377266dec18p-2},
    {0x1.77907f2170657p-1, 0x1.3d54ffbaf3p-2},   {0x1.756cadbd6130cp-1, 0x1.432eee32fep-2},
};

/* For each 16th of [f, 2 f), f = 0x1.66p-1: 1/c for a c near its middle and the binary logarithm of c. Those of
 * Arm's routines. */
static const struct {
    double inverse, log;
} short_logs[16] = {
    {0x1.661ec79f8f3bep+0, -0x1.efec65b963019p-2}, {0x1.571ed4aaf883dp+0, -0x1.b0b6832d4fca4p-2},
    {0x1.49539f0f010bp+0, -0x1.7418b0a1fb77bp-2},  {0x1.3c995b0b80385p+0, -0x1.39de91a6dcf7bp-2},
    {0x1.30d190c8864a5p+0, -0x1.01d9bf3f2b631p-2}, {0x1.25e227b0b8eap+0, -0x1.97c1d1b3b7afp-3},
    {0x1.1bb4a4a1a343fp+0, -0x1.2f9e393af3c9fp-3}, {0x1.12358f08ae5bap+0, -0x1.960cbbf788d5cp-4},
    {0x1.0953f419900a7p+0, -0x1.a6f9db6475fcep-5}, {1, 0},
    {0x1.e608cfd9a47acp-1, 0x1.338ca9f24f53dp-4},  {0x1.ca4b31f026aap-1, 0x1.476a9543891bap-3},
    {0x1.b2036576afce6p-1, 0x1.e840b4ac4e4d2p-3},  {0x1.9c2d163a1aa2dp-1, 0x1.40645f0c6651cp-2},
    {0x1.886e6037841edp-1, 0x1.88e9c2c1b9ff8p-2},  {0x1.767dcf5534862p-1, 0x1.ce0a44eb17bccp-2},
};

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static double value_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* e to the x + rest, |x| < 512 < 1022 ln 2, so that no step leaves the normal numbers.
 * x = (128 n + i) ln 2 / 128 + r with |r| < 2^-8: exp(x) = 2^n 2^(i/128) exp(r), the last by a polynomial of
 * degree 5 that is off by 2^-65 at most. The steps, their order and where a product is not rounded before it
 * is added decide the last bit; they are those of Arm's routines, which glibc has. */
static double exp_of_sum(double x, double rest)
{
    /* adding 1.5 * 2^52 rounds to an integer, which stands in the low bits of the sum then */
    const double shift = 0x1.8p52, sum = fma(0x1.71547652b82fep7, x, shift), whole = sum - shift;
    const int64_t n = (int64_t)whole;
    const double high = fma(whole, -0x1.62e42fefa0000p-8, x);
    const double r = fma(whole, -0x1.cf79abc9e3b39p-47, high) + rest, r2 = r * r;
    const unsigned i = (unsigned)(n & 127);
    const double low = fma(r, 0x1.555555555543cp-3, 0x1.ffffffffffdbdp-2);
    const double top = fma(r, 0x1.1111167a4d017p-7, 0x1.55555cf172b91p-5);
    const double less_one = fma(r2 * r2, top, fma(r2, low, powers[i].rest + r));
    const double power = value_of(bits_of(powers[i].value) + ((uint64_t)((n - i) / 128) << 52));
    return fma(power, less_one, power);
}

double vm_exact_exp(double x)
{
    return fabs(x) < 512 ? exp_of_sum(x, 0) : exp(x);
}

/* x = 2^n z, z in [f, 2 f) and there in the i-th of 128 equal parts; for a positive normal x. */
struct part {
    double n, z;
    unsigned i;
};

static struct part part_of(double x, uint64_t bits_of_f)
{
    const uint64_t above = bits_of(x) - bits_of_f, power = above & 0xfffULL << 52;
    const int64_t n = (int64_t)power / (INT64_C(1) << 52);
    return (struct part){(double)n, value_of(bits_of(x) - power), above >> 45 & 127};
}

/* The natural logarithm of a positive normal number, *rest beyond its last bit; 68 bits of both are right.
 * x = 2^n z: log(x) = n ln 2 + log(c) + log(1 + r), r = z / c - 1, the last by a
 * polynomial of degree 8. What each sum drops is kept and added in the end. */
static double log_in_two(double x, double *rest)
{
    const struct part p = part_of(x, 0x3fe6955500000000U);
    const double r = fma(p.z, two_logs[p.i].inverse, -1);
    const double a = fma(p.n, 0x1.62e42fefa3800p-1, two_logs[p.i].log), b = a + r;
    const double rest_a = fma(p.n, 0x1.ef35793c76730p-45, two_logs[p.i].rest), rest_b = a - b + r;
    const double half = -0.5 * r, square = r * half, cube = r * square, sum = b + square;
    const double rest_square = fma(half, r, -square), rest_sum = b - sum + square;
    const double p1 = fma(r, 0x1.0000000000006p-1, -0x1.555555555556p-1);
    const double p2 = fma(r, -0x1.555555529a47ap-1, 0x1.999999959554ep-1);
    const double p3 = fma(r, 0x1.0002b8b263fc3p0, -0x1.2495b9b4845e9p0);
    const double tail = fma(square, fma(square, p3, p2), p1);
    const double low = fma(cube, tail, rest_a + rest_b + rest_square + rest_sum);
    const double high = sum + low;
    *rest = sum - high + low;
    return high;
}

double vm_exact_pow(double x, double y)
{
    const double size = fabs(y);
    if (!(x >= DBL_MIN && x <= DBL_MAX && size > 0x1p-50 && size < 0x1p50)) return pow(x, y);
    double rest;
    const double log_x = log_in_two(x, &rest), high = y * log_x;
    if (!(fabs(high) < 512)) return pow(x, y);
    return exp_of_sum(high, fma(y, rest, fma(y, log_x, -high)));
}

/* log(1 + r) for r from -2^-4 to 0x1.09p-4, by a polynomial of degree 12. The square of r's first 26 digits is
 * exact; what r - r^2 / 2 loses is kept and added in the end. */
static double log_near_one(double r)
{
    const double square = r * r, cube = r * square;
    const double p1 =
        fma(square, 0x1.999999995dd0cp-3, fma(r, -0x1.ffffffffffdcbp-3, 0x1.5555555555577p-2));
    const double p2 =
        fma(square, -0x1.fffffa4423d65p-4, fma(r, 0x1.24924a344de30p-3, -0x1.55555556745a7p-3));
    const double p3 =
        fma(square, 0x1.78182f7afd085p-4, fma(r, -0x1.999eb43b068ffp-4, 0x1.c7184282ad6cap-4));
    const double tail = fma(fma(fma(cube, -0x1.5521375d145cdp-4, p3), cube, p2), cube, p1);
    const double first = fma(-0x1p27, r, fma(0x1p27, r, r)), rest = r - first,
                 first_square = first * first;
    const double high = fma(first_square, -0.5, r), lost = fma(first_square, -0.5, r - high);
    return high + fma(tail, cube, fma(-0.5 * rest, first + r, lost));
}

/* As log_in_two(), in one number. */
double vm_exact_log(double x)
{
    if (!(x >= DBL_MIN && x <= DBL_MAX)) return log(x);
    if (x >= 1 - 0x1p-4 && x < 1 + 0x1.09p-4) return log_near_one(x - 1);
    const struct part p = part_of(x, 0x3fe6000000000000U);
    const double r = fma(p.z, one_logs[p.i].inverse, -1), square = r * r;
    const double whole = fma(p.n, 0x1.62e42fefa3800p-1, one_logs[p.i].log), high = whole + r;
    const double low = fma(p.n, 0x1.ef35793c76730p-45, whole - high + r);
    const double p1 = fma(r, -0x1.fffffffeb4590p-3, 0x1.555555551305bp-2);
    const double p2 = fma(r, -0x1.55575e506c89fp-3, 0x1.999b324f10111p-3);
    return fma(r * square, fma(p2, square, p1), fma(square, -0x1.0000000000001p-1, low)) + high;
}

/* x = 2^n m: n log10(2), in two parts, + log(m) / log(10). m lies above 1 for n >= 0 and below for n < 0, so
 * that both have the same sign. */
double vm_exact_log10(double x)
{
    if (!(x >= DBL_MIN && x <= DBL_MAX)) return log10(x);
    int n;
    double m = frexp(x, &n);
    if (n > 0) {
        n--;
        m *= 2;
    }
    const double rest = n * 0x1.9fef311f12b36p-42 + 0x1.bcb7b1526e50ep-2 * vm_exact_log(m);
    return rest + n * 0x1.34413509f6000p-2;
}

/* For powf(), whose result is rounded to 24 digits: the binary logarithm to about 2^-26 of it. */
static double short_log2(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    const uint32_t above = bits - 0x3f330000, power = above & 0xff800000U, z_bits = bits - power;
    const unsigned i = above >> 19 & 15;
    float z;
    memcpy(&z, &z_bits, sizeof(z));
    const double r = fma((double)z, short_logs[i].inverse, -1), square = r * r;
    const double whole = (double)((int32_t)power / (INT32_C(1) << 23)) + short_logs[i].log;
    const double p1 = fma(r, 0x1.27616c9496e0bp-2, -0x1.71969a075c67ap-2);
    const double p2 = fma(r, 0x1.ec70a6ca7baddp-2, -0x1.7154748bef6c8p-1);
    return fma(p1, square * square, fma(square, p2, fma(r, 0x1.71547652ab82bp0, whole)));
}

/* y log2(x) = n + i / 32 + r. */
float vm_exact_powf(float x, float y)
{
    if (!(x >= FLT_MIN && x <= FLT_MAX && fabsf(y) <= FLT_MAX)) return powf(x, y);
    const double product = (double)y * short_log2(x);
    if (!(fabs(product) < 125)) return powf(x, y);
    /* adding 1.5 * 2^47 rounds to a multiple of 1/32 */
    const double whole = product + 0x1.8p47 - 0x1.8p47, r = product - whole;
    const int64_t n = (int64_t)(whole * 32);
    const unsigned i = (unsigned)(n & 31);
    const double power = value_of(bits_of(powers[4 * i].value) + ((uint64_t)((n - i) / 32) << 52));
    const double high = fma(r, 0x1.c6af84b912394p-5, 0x1.ebfce50fac4f3p-3);
    return (float)(fma(high, r * r, fma(r, 0x1.62e42ff0c52d6p-1, 1)) * power);
}
