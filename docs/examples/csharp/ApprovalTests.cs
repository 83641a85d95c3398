using Xunit;

namespace Example;

/// <summary>The server's approvals, tested against a Windows device that can be reset. Run: dotnet test</summary>
public sealed class ApprovalTests(Device device) : IClassFixture<Device>, IAsyncLifetime
{
    private const string Security = "5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01";
    private const string Driver = "b7a3d0f4-1c0d-4b57-8e52-4a1b9a0d3c03";
    private const string NotOffered = "8f1d7a52-3f0e-4c39-9d0b-0d4f7b1c2a02";

    public Task InitializeAsync() => device.ResetAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task What_is_wanted_and_offered_is_approved()
    {
        var answers = await Session(Security, NotOffered);

        Same(["SyncHdr 200", "Get 200"], answers[0].Statuses);
        Same([Security, Driver], answers[0].Children(Approval.Installable));
        Same(["SyncHdr 200", "Add 200"], answers[1].Statuses);
        Same([Security], answers[2].Children(Approval.Approved));

        // What the server cannot see: the device itself.
        Same([Security], await Approvals());
        var updates = await device.ControlAsync("updates");
        var approved = updates.EnumerateArray().Where(update => update.GetProperty("approved").GetBoolean());
        Same([Security], approved.Select(update => update.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task Nothing_is_approved_that_is_not_wanted()
    {
        Assert.Single(await Session());
        Same([], await Approvals());
    }

    /// <summary>Carries messages between server and device until the server has no more to say.</summary>
    private async Task<List<Answer>> Session(params string[] wanted)
    {
        var answers = new List<Answer>();
        while (Approval.NextMessage(answers.LastOrDefault(), wanted.ToHashSet()) is { } message)
        {
            answers.Add(await device.PostAsync(message));
        }
        return answers;
    }

    private async Task<IEnumerable<string>> Approvals()
    {
        var tree = await device.ControlAsync($"tree?uri={Approval.Approved}");
        return tree.GetProperty("children").EnumerateArray().Select(node => node.GetProperty("name").GetString()!);
    }

    /// <summary>Fails when the two differ, and says every status with the rule behind it.</summary>
    private void Same(string[] expected, IEnumerable<string> got) =>
        Assert.True(
            expected.SequenceEqual(got),
            $"expected {string.Join(", ", expected)}; got {string.Join(", ", got)}\n{device.Why()}");
}
