using System.Xml.Linq;

namespace Example;

/// <summary>The server's side: which updates may a device install?</summary>
public static class Approval
{
    public const string Installable = "./Vendor/MSFT/Update/InstallableUpdates";
    public const string Approved = "./Vendor/MSFT/Update/ApprovedUpdates";

    /// <summary>The server's next message, or null when the session is over.</summary>
    /// <param name="said">What the device said last; null before its first message.</param>
    /// <param name="wanted">The ids of the updates to approve.</param>
    public static string? NextMessage(Answer? said, IReadOnlySet<string> wanted)
    {
        if (said is null)
        {
            return Message(1, "Get", Installable);
        }
        switch (said.To)
        {
            case 1:
                var approvals = said.Children(Installable).Where(wanted.Contains).Select(id => $"{Approved}/{id}").ToArray();
                return approvals.Length > 0 ? Message(2, "Add", approvals) : null;
            case 2:
                return Message(3, "Get", Approved);
            default:
                return null;
        }
    }

    /// <summary>One command for each address.</summary>
    private static string Message(int number, string command, params string[] uris)
    {
        XElement Element(string name, params object[] content) => new(Answer.Dm + name, content);

        var commands = uris.Select((uri, index) =>
            Element(command,
                Element("CmdID", index + 1),
                Element("Item", Element("Target", Element("LocURI", uri)))));
        var message =
            Element("SyncML",
                Element("SyncHdr",
                    Element("VerDTD", "1.2"),
                    Element("VerProto", "DM/1.2"),
                    Element("SessionID", 1),
                    Element("MsgID", number),
                    Element("Target", Element("LocURI", "device")),
                    Element("Source", Element("LocURI", "https://mdm.example.org/manage"))),
                Element("SyncBody", commands, Element("Final")));
        return message.ToString(SaveOptions.DisableFormatting);
    }
}

/// <summary>What a device said.</summary>
/// <param name="To">The number of the server's message that is answered.</param>
/// <param name="Statuses">The commands and their statuses, in order.</param>
/// <param name="Results">The values, by address.</param>
public sealed record Answer(int To, IReadOnlyList<string> Statuses, IReadOnlyDictionary<string, string> Results)
{
    public static readonly XNamespace Dm = "SYNCML:SYNCML1.2";

    public static Answer Read(string said)
    {
        var body = XElement.Parse(said).Element(Dm + "SyncBody")!;
        var statuses = body.Elements(Dm + "Status").ToList();
        return new Answer(
            (int)statuses[0].Element(Dm + "MsgRef")!,
            statuses.Select(status => $"{status.Element(Dm + "Cmd")!.Value} {status.Element(Dm + "Data")!.Value}").ToList(),
            body.Elements(Dm + "Results").Elements(Dm + "Item").ToDictionary(
                item => item.Element(Dm + "Source")!.Element(Dm + "LocURI")!.Value,
                item => item.Element(Dm + "Data")?.Value ?? ""));
    }

    /// <summary>The names of a node's children, which a device gives as one value.</summary>
    public string[] Children(string uri) =>
        Results.GetValueOrDefault(uri, "").Split('/', StringSplitOptions.RemoveEmptyEntries);
}
