/* lrscope._native: the usual case of what happens at every step. */

#include "native.h"

static PyMethodDef functions[] = {
    {"before", make_before, METH_VARARGS, NULL},
    {"after", make_after, METH_VARARGS, NULL},
    {"narrow", make_narrow, METH_VARARGS, NULL},
    {"wide", make_wide, METH_VARARGS, NULL},
    {"stepped", make_stepped, METH_VARARGS, NULL},
    {"backward", make_backward, METH_VARARGS, NULL},
    {"next", make_next, METH_VARARGS, NULL},
    {"not_due", make_not_due, METH_VARARGS, NULL},
    {"counted", make_counted, METH_VARARGS, NULL},
    {"add_up", add_up, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "lrscope._native",
    .m_doc = "The usual case of what happens at every step; see native/native.h.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    if (PyType_Ready(&FunctionType) < 0 || PyType_Ready(&LookType) < 0
        || PyType_Ready(&PartType) < 0
        || steps_ready() < 0) {
        return NULL;
    }
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL
        || PyModule_AddObject(module, "Look", new_reference((PyObject *)&LookType)) < 0
        || PyModule_AddObject(module, "Part", new_reference((PyObject *)&PartType)) < 0
        || PyModule_AddStringConstant(module, "SOURCE", SOURCE) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
