/* 2-16-16-1 with relu, hinge loss and L2 penalty, value and gradients of a batch: as one writes it by hand.
 *
 * A parameter is read once for all rows: every loop over rows is innermost, and contiguous.
 * The parameters lie neuron by neuron, the weights and then the bias.
 */
#define ROWS 100
#define HIDDEN 16

static double x[2][ROWS], t[ROWS], first[HIDDEN][ROWS], second[HIDDEN][ROWS], score[ROWS];
static double of_score[ROWS], of_second[HIDDEN][ROWS], of_first[HIDDEN][ROWS];

static void layer(int inputs, int outputs, double in[][ROWS], double out[][ROWS], const double *w, int relu)
{
    for (int k = 0; k < outputs; k++, w += inputs + 1) {
        for (int r = 0; r < ROWS; r++)
            out[k][r] = w[inputs];
        for (int i = 0; i < inputs; i++)
            for (int r = 0; r < ROWS; r++)
                out[k][r] += w[i] * in[i][r];
        if (relu)
            for (int r = 0; r < ROWS; r++)
                out[k][r] = out[k][r] > 0.0 ? out[k][r] : 0.0;
    }
}

static void back(int inputs, int outputs, double in[][ROWS], double up[][ROWS], double down[][ROWS], const double *w,
                 double *g)
{
    if (down)
        for (int i = 0; i < inputs; i++)
            for (int r = 0; r < ROWS; r++)
                down[i][r] = 0.0;
    for (int k = 0; k < outputs; k++, w += inputs + 1, g += inputs + 1) {
        for (int i = 0; i < inputs; i++) {
            double sum = 0.0;
            for (int r = 0; r < ROWS; r++)
                sum += up[k][r] * in[i][r];
            g[i] += sum;
            if (down)
                for (int r = 0; r < ROWS; r++)
                    down[i][r] += w[i] * up[k][r];
        }
        double sum = 0.0;
        for (int r = 0; r < ROWS; r++)
            sum += up[k][r];
        g[inputs] += sum;
    }
    if (down)
        for (int i = 0; i < inputs; i++)
            for (int r = 0; r < ROWS; r++)
                down[i][r] = in[i][r] > 0.0 ? down[i][r] : 0.0;
}

/* rows: x, y and -1 or 1; w: 337 parameters; g: their gradient; the loss is returned */
double step(const double *rows, const double *w, double *g, double penalty)
{
    const double *w2 = w + 3 * HIDDEN, *w3 = w2 + 17 * HIDDEN;
    double loss = 0.0, squares = 0.0;
    for (int r = 0; r < ROWS; r++) {
        x[0][r] = rows[3 * r];
        x[1][r] = rows[3 * r + 1];
        t[r] = rows[3 * r + 2];
    }
    for (int i = 0; i < 337; i++) {
        squares += w[i] * w[i];
        g[i] = 2.0 * penalty * w[i];
    }
    layer(2, HIDDEN, x, first, w, 1);
    layer(HIDDEN, HIDDEN, first, second, w2, 1);
    layer(HIDDEN, 1, second, &score, w3, 0);
    for (int r = 0; r < ROWS; r++) {
        double margin = 1.0 - t[r] * score[r];
        loss += margin > 0.0 ? margin : 0.0;
        of_score[r] = margin > 0.0 ? -t[r] / ROWS : 0.0;
    }
    back(HIDDEN, 1, second, &of_score, of_second, w3, g + 3 * HIDDEN + 17 * HIDDEN);
    back(HIDDEN, HIDDEN, first, of_second, of_first, w2, g + 3 * HIDDEN);
    back(2, HIDDEN, x, of_first, 0, w, g);
    return loss / ROWS + penalty * squares;
}
