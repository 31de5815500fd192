/* Stores: put a row into the mapped tail (recording/stores.py, recording/rows.py). */

#include "native.h"
#include <time.h>

enum { PLACES = 1, TURN, PARTS };
enum { WORDS = 0 };
enum { HEAD = 2 }; /* words before the values: time and code */

static struct {
    Py_ssize_t take, next_row;
} places_at;

static PyTypeObject *writer_type; /* kept for good */

static struct {
    Py_ssize_t sink, store;
} writing_at;

static const Slot journal_slots[] = {{"sink", &writing_at.sink}, {NULL, NULL}};
static const Slot writer_slots[] = {{"store", &writing_at.store}, {NULL, NULL}};

static const Slot places_slots[] = {
    {"take", &places_at.take},
    {"next_row", &places_at.next_row},
    {NULL, NULL},
};

static double
seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint32_t
adler32(const unsigned char *bytes, size_t count)
{
    uint32_t a = 1, b = 0;
    while (count) {
        size_t some = count < 5552 ? count : 5552; /* the most before b overflows */
        count -= some;
        while (some--) {
            a += *bytes++;
            b += a;
        }
        a %= 65521;
        b %= 65521;
    }
    return b << 16 | a;
}

/* The last word makes the row valid: it must not be stored before the others. */
static void
commit(double *cell, Py_ssize_t sequence)
{
    union {
        double number;
        uint64_t bits;
    } word = {.number = (double)(sequence + 1)};
    __atomic_store_n((uint64_t *)cell, word.bits, __ATOMIC_RELEASE);
}

/* Part(place, stop, words, sequence): gives out places as zip(range(place, stop, words),
   count(sequence)).__next__ does. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t place, stop, words, sequence;
} Part;

static PyObject *
part_call(PyObject *object, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    Part *part = (Part *)object;
    if (part->place >= part->stop) {
        PyErr_SetNone(PyExc_StopIteration);
        return NULL;
    }
    PyObject *found = Py_BuildValue("nn", part->place, part->sequence);
    if (found != NULL) {
        part->place += part->words;
        part->sequence++;
    }
    return found;
}

static PyObject *
part_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    Part *part = (Part *)type->tp_alloc(type, 0);
    if (part != NULL
        && !PyArg_ParseTuple(args, "nnnn", &part->place, &part->stop, &part->words,
                             &part->sequence)) {
        Py_CLEAR(part);
    }
    return (PyObject *)part;
}

PyTypeObject PartType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "lrscope._native.Part",
    .tp_basicsize = sizeof(Part),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = part_new,
    .tp_call = part_call,
};

/* Take the next place; -1 with an exception if there is none, -2 if the tail was divided
   anew meanwhile. */
static Py_ssize_t
take(Function *self, Py_ssize_t *place)
{
    PyObject *taker = get(self->part[PLACES], places_at.take);
    Part *part = (Part *)taker;
    if (Py_IS_TYPE(taker, &PartType) && part->place < part->stop
        && part->stop <= self->memory.len / (Py_ssize_t)sizeof(double)) {
        *place = part->place;
        part->place += part->words;
        return part->sequence++;
    }
    Py_INCREF(taker);
    PyObject *found = PyObject_CallNoArgs(taker);
    Py_DECREF(taker);
    if (found == NULL && (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_StopIteration))) {
        PyErr_Clear();
        found = PyObject_CallNoArgs(self->part[TURN]);
    }
    if (found == NULL) {
        return -1;
    }
    if (!PyTuple_CheckExact(found)) { /* None: these places are no more */
        Py_DECREF(found);
        return -2;
    }
    *place = PyLong_AsSsize_t(PyTuple_GET_ITEM(found, 0));
    Py_ssize_t sequence = PyLong_AsSsize_t(PyTuple_GET_ITEM(found, 1));
    Py_DECREF(found);
    Py_ssize_t words = self->memory.len / (Py_ssize_t)sizeof(double);
    if (*place < 0 || *place > words - self->number[WORDS]) {
        PyErr_SetString(PyExc_SystemError, "a place outside of the tail");
        return -1;
    }
    return sequence;
}

/* Say whether the arguments are a code and floats, no more of them than fit. */
static int
are_usual(PyObject *const *args, size_t nargsf, PyObject *kwnames, Py_ssize_t most)
{
    if (PyVectorcall_NARGS(nargsf) != 2 || kwnames != NULL
        || !PyFloat_CheckExact(args[0]) || !PyList_CheckExact(args[1])
        || PyList_GET_SIZE(args[1]) > most) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(args[1]); i++) {
        if (!PyFloat_CheckExact(PyList_GET_ITEM(args[1], i))) {
            return 0;
        }
    }
    return 1;
}

static PyObject *
stored(Function *self, Py_ssize_t sequence)
{
    PyObject *next = PyLong_FromSsize_t(sequence + 1);
    if (next == NULL) {
        return NULL;
    }
    put(self->part[PLACES], places_at.next_row, next);
    return PyLong_FromSsize_t(sequence);
}

static PyObject *
narrow(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    Py_ssize_t words = self->number[WORDS], again = words / 2, place;
    if (!are_usual(args, nargsf, kwnames, again - HEAD)) {
        return slowly(self, args, nargsf, kwnames);
    }
    Py_ssize_t sequence = take(self, &place);
    if (sequence < 0) {
        return sequence == -2 ? slowly(self, args, nargsf, kwnames) : NULL;
    }
    double *cell = (double *)self->memory.buf + place;
    double *end = cell + words - 1;
    cell[0] = cell[again] = seconds();
    cell[1] = cell[again + 1] = PyFloat_AS_DOUBLE(args[0]);
    cell += HEAD;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(args[1]); i++, cell++) {
        cell[0] = cell[again] = PyFloat_AS_DOUBLE(PyList_GET_ITEM(args[1], i));
    }
    commit(end, sequence);
    return stored(self, sequence);
}

static PyObject *
wide(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)callable;
    Py_ssize_t words = self->number[WORDS], place;
    if (!are_usual(args, nargsf, kwnames, words - HEAD - 2)) {
        return slowly(self, args, nargsf, kwnames);
    }
    Py_ssize_t sequence = take(self, &place);
    if (sequence < 0) {
        return sequence == -2 ? slowly(self, args, nargsf, kwnames) : NULL;
    }
    double *row = (double *)self->memory.buf + place;
    Py_ssize_t count = PyList_GET_SIZE(args[1]);
    row[0] = seconds();
    row[1] = PyFloat_AS_DOUBLE(args[0]);
    for (Py_ssize_t i = 0; i < count; i++) {
        row[HEAD + i] = PyFloat_AS_DOUBLE(PyList_GET_ITEM(args[1], i));
    }
    size_t bytes = sizeof(double) * (size_t)(HEAD + count);
    row[words - 2] = adler32((const unsigned char *)row, bytes);
    commit(row + words - 1, sequence);
    return stored(self, sequence);
}

/* (slow, places, turn, memory, words in a slot) */
static PyObject *
make_store(PyObject *args, vectorcallfunc call)
{
    PyObject *part[PARTS], *memory;
    Py_ssize_t words;
    if (!PyArg_ParseTuple(args, "OOOOn", &part[SLOW], &part[PLACES], &part[TURN],
                          &memory, &words)
        || find_slots((PyObject *)Py_TYPE(part[PLACES]), places_slots) < 0) {
        return NULL;
    }
    Function *self = (Function *)new_function(call, part, PARTS);
    if (self == NULL) {
        return NULL;
    }
    self->number[WORDS] = words;
    if (PyObject_GetBuffer(memory, &self->memory, PyBUF_WRITABLE) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

PyObject *
make_narrow(PyObject *Py_UNUSED(module), PyObject *args)
{
    return make_store(args, narrow);
}

PyObject *
make_wide(PyObject *Py_UNUSED(module), PyObject *args)
{
    return make_store(args, wide);
}

int
learn_journal(PyObject *journal, PyObject *writer)
{
    if (find_slots(writer, writer_slots) < 0
        || find_slots((PyObject *)Py_TYPE(journal), journal_slots) < 0) {
        return -1;
    }
    Py_XSETREF(writer_type, (PyTypeObject *)new_reference(writer));
    return 0;
}

int
is_open(PyObject *journal)
{
    return Py_IS_TYPE(get(journal, writing_at.sink), writer_type);
}

PyObject *
store_row(PyObject *journal, PyObject *code, PyObject *values)
{
    PyObject *store = new_reference(get(get(journal, writing_at.sink), writing_at.store));
    PyObject *args[] = {code, values};
    PyObject *row = PyObject_Vectorcall(store, args, 2, NULL);
    Py_DECREF(store);
    return row;
}
