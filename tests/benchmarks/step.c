/* One training step of the 784-400-20 VAE (ReLU, Bernoulli, Adam, float32) in plain C.

   The matrix products are those of a BLAS, whose sgemm the caller hands in; every other loop is
   fused as far as it goes. Parameters, gradients and both moments are one vector each, in the
   order W, b of each layer. It is the measure of what Python and NumPy cost. */
#include <math.h>
#include <stdint.h>
#ifndef INT
#define INT int64_t
#endif
enum { X = 784, H = 400, L = 20, N_LAYERS = 4, ROWS = 101, PLAIN = 111, TURNED = 112 };
typedef void (*Gemm)(int, int, int, INT, INT, INT, float, const float *, INT, const float *, INT,
                     float, float *, INT);
static const INT WIDTH[N_LAYERS][2] = {{X, H}, {H, 2 * L}, {L, H}, {H, X}};

static void affine(Gemm gemm, INT n, const INT *w, const float *x, const float *W, float *y) {
  const float *b = W + w[0] * w[1];
  for (INT i = 0; i < n; i++)
    for (INT j = 0; j < w[1]; j++) y[i * w[1] + j] = b[j];
  gemm(ROWS, PLAIN, PLAIN, n, w[1], w[0], 1, x, w[0], W, w[1], 1, y, w[1]);
}

static void affine_backward(Gemm gemm, INT n, const INT *w, const float *x, const float *W,
                            const float *dy, float *dW, float *dx) {
  float *db = dW + w[0] * w[1];
  gemm(ROWS, TURNED, PLAIN, w[0], w[1], n, 1, x, w[0], dy, w[1], 0, dW, w[1]);
  for (INT j = 0; j < w[1]; j++) db[j] = 0;
  for (INT i = 0; i < n; i++)
    for (INT j = 0; j < w[1]; j++) db[j] += dy[i * w[1] + j];
  if (dx) gemm(ROWS, PLAIN, TURNED, n, w[0], w[1], 1, dy, w[1], W, w[1], 0, dx, w[0]);
}

static void relu(INT size, float *y) {
  for (INT i = 0; i < size; i++) y[i] = y[i] > 0 ? y[i] : 0;
}

static void relu_backward(INT size, const float *y, float *dy) {
  for (INT i = 0; i < size; i++) dy[i] = y[i] > 0 ? dy[i] : 0;
}

/* work has room for n * (3 * H + 5 * L + X) numbers; t counts the steps from 1 */
float vae_step(Gemm gemm, INT n, const float *x, const float *eps, float *theta, float *g, float *M,
               float *V, float *work, int t) {
  float *W[N_LAYERS], *dW[N_LAYERS], *h = work, *code = h + n * H, *z = code + n * 2 * L;
  float *h2 = z + n * L, *out = h2 + n * H, *dh = out + n * X, *dcode = dh + n * H, total = 0;
  INT size = 0;
  for (int k = 0; k < N_LAYERS; k++) {
    W[k] = theta + size, dW[k] = g + size;
    size += (WIDTH[k][0] + 1) * WIDTH[k][1];
  }
  affine(gemm, n, WIDTH[0], x, W[0], h), relu(n * H, h);
  affine(gemm, n, WIDTH[1], h, W[1], code);
  for (INT i = 0; i < n; i++)
    for (INT j = 0; j < L; j++) {
      float mu = code[i * 2 * L + j], lv = 20 * tanhf(code[i * 2 * L + L + j] / 20);
      z[i * L + j] = mu + expf(lv / 2) * eps[i * L + j];
      total += (mu * mu + expf(lv) - 1 - lv) / 2;
    }
  affine(gemm, n, WIDTH[2], z, W[2], h2), relu(n * H, h2);
  affine(gemm, n, WIDTH[3], h2, W[3], out);
  for (INT i = 0; i < n * X; i++) { /* out becomes its own gradient */
    float a = out[i], e = expf(-fabsf(a)), s = (a > 0 ? 1 : e) / (1 + e);
    total += (a > 0 ? a : 0) + logf(1 + e) - x[i] * a;
    out[i] = (s - x[i]) / n;
  }
  affine_backward(gemm, n, WIDTH[3], h2, W[3], out, dW[3], dh), relu_backward(n * H, h2, dh);
  affine_backward(gemm, n, WIDTH[2], z, W[2], dh, dW[2], z); /* z becomes dz */
  for (INT i = 0; i < n; i++)
    for (INT j = 0; j < L; j++) {
      float mu = code[i * 2 * L + j], u = tanhf(code[i * 2 * L + L + j] / 20), dz = z[i * L + j];
      float lv = 20 * u, dlv = dz * eps[i * L + j] * expf(lv / 2) / 2 + (expf(lv) - 1) / 2 / n;
      dcode[i * 2 * L + j] = dz + mu / n;
      dcode[i * 2 * L + L + j] = dlv * (1 - u * u);
    }
  affine_backward(gemm, n, WIDTH[1], h, W[1], dcode, dW[1], dh), relu_backward(n * H, h, dh);
  affine_backward(gemm, n, WIDTH[0], x, W[0], dh, dW[0], 0);
  float c1 = .1f / (1 - powf(.9f, t)), c2 = sqrtf(.001f / (1 - powf(.999f, t)));
  for (INT i = 0; i < size; i++) {
    M[i] = .9f * M[i] + g[i];
    V[i] = .999f * V[i] + g[i] * g[i];
    theta[i] -= 1e-3f * c1 / c2 * M[i] / (sqrtf(V[i]) + 1e-8f / c2);
  }
  return total / n;
}
