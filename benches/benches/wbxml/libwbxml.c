/* Converts files with libwbxml, in this process and again and again, and prints the nanoseconds that each one takes: from
 * XML to WBXML, and from WBXML to XML. Arguments: how often, and the files in XML. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <wbxml/wbxml.h>

struct bytes {
    WB_UTINY *start;
    WB_ULONG length;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static struct bytes read_file(const char *path)
{
    struct bytes bytes = { NULL, 0 };
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    bytes.length = (WB_ULONG) ftell(file);
    rewind(file);
    bytes.start = malloc(bytes.length + 1);
    if (bytes.start == NULL || fread(bytes.start, 1, bytes.length, file) != bytes.length) {
        perror(path);
        exit(1);
    }
    fclose(file);
    return bytes;
}

static struct bytes to_wbxml(struct bytes xml)
{
    struct bytes wbxml = { NULL, 0 };
    WBXMLConvXML2WBXML *converter = NULL;
    WBXMLError error = wbxml_conv_xml2wbxml_create(&converter);
    if (error == WBXML_OK)
        error = wbxml_conv_xml2wbxml_run(converter, xml.start, xml.length, &wbxml.start, &wbxml.length);
    if (error != WBXML_OK) {
        fprintf(stderr, "to WBXML: %s\n", (const char *) wbxml_errors_string(error));
        exit(1);
    }
    wbxml_conv_xml2wbxml_destroy(converter);
    return wbxml;
}

static struct bytes to_xml(struct bytes wbxml)
{
    struct bytes xml = { NULL, 0 };
    WBXMLConvWBXML2XML *converter = NULL;
    WBXMLError error = wbxml_conv_wbxml2xml_create(&converter);
    if (error == WBXML_OK) {
        /* No white space, as ours writes. */
        wbxml_conv_wbxml2xml_set_gen_type(converter, WBXML_GEN_XML_COMPACT);
        error = wbxml_conv_wbxml2xml_run(converter, wbxml.start, wbxml.length, &xml.start, &xml.length);
    }
    if (error != WBXML_OK) {
        fprintf(stderr, "to XML: %s\n", (const char *) wbxml_errors_string(error));
        exit(1);
    }
    wbxml_conv_wbxml2xml_destroy(converter);
    return xml;
}

int main(int argc, char **argv)
{
    int times = argc > 1 ? atoi(argv[1]) : 0, count = argc - 2;
    struct bytes *xml, *wbxml;
    double start, encode, decode;
    if (times < 1 || count < 1) {
        fprintf(stderr, "expected: TIMES FILE...\n");
        return 2;
    }
    xml = calloc(count, sizeof *xml);
    wbxml = calloc(count, sizeof *wbxml);
    for (int file = 0; file < count; file++) {
        xml[file] = read_file(argv[file + 2]);
        wbxml[file] = to_wbxml(xml[file]);
    }
    start = now();
    for (int time = 0; time < times; time++)
        for (int file = 0; file < count; file++)
            free(to_wbxml(xml[file]).start);
    encode = (now() - start) / times / count;
    start = now();
    for (int time = 0; time < times; time++)
        for (int file = 0; file < count; file++)
            free(to_xml(wbxml[file]).start);
    decode = (now() - start) / times / count;
    printf("%.0f %.0f\n", encode, decode);
    return 0;
}
