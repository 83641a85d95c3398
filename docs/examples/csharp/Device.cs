using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Example;

/// <summary>A simulated Windows device, as lab.toml describes it: cspsim plays it as long as the tests run.</summary>
public sealed class Device : IAsyncLifetime
{
    private const string Ready = "cspsim listening on ";
    private static readonly string Cspsim = Environment.GetEnvironmentVariable("CSPSIM") ?? "cspsim";
    private static readonly string Lab = Path.Combine(AppContext.BaseDirectory, "lab.toml");

    private readonly HttpClient http = new();
    private readonly List<string> sent = new();
    private Process? serve;

    public async Task InitializeAsync()
    {
        serve = Start("serve", "--listen", "127.0.0.1:0", "--clock", "frozen");
        var line = await serve.StandardOutput.ReadLineAsync();
        Assert.StartsWith(Ready, line);
        http.BaseAddress = new Uri(line![Ready.Length..]);
        await SendAsync(HttpMethod.Post, "_cspsim/devices", await File.ReadAllTextAsync(Lab), "application/toml");
    }

    public Task DisposeAsync()
    {
        serve?.Kill();
        serve?.Dispose();
        http.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>A message of the server goes in, the device's answer comes out.</summary>
    public async Task<Answer> PostAsync(string message)
    {
        sent.Add(message);
        return Answer.Read(await SendAsync(HttpMethod.Post, "devices/lab-01", message, "application/vnd.syncml.dm+xml"));
    }

    /// <summary>The simulator's own view of the device.</summary>
    public Task<JsonElement> ControlAsync(string what) =>
        http.GetFromJsonAsync<JsonElement>($"_cspsim/devices/lab-01/{what}");

    /// <summary>Makes the device what the file says again.</summary>
    public async Task ResetAsync()
    {
        await SendAsync(HttpMethod.Post, "_cspsim/devices/lab-01/reset", "", "application/json");
        sent.Clear();
    }

    /// <summary>Every status with the rule behind it: what to read when a test is red.</summary>
    public string Why()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var files = sent.Select((message, index) =>
            {
                var file = Path.Combine(folder.FullName, $"message{index + 1}.xml");
                File.WriteAllText(file, message);
                return file;
            });
            var answers = Path.Combine(folder.FullName, "answers.xml");
            using var answer = Start(["answer", "--explain", "--device", Lab, "--out", answers, .. files]);
            return answer.StandardOutput.ReadToEnd();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Cspsim, arguments) { RedirectStandardOutput = true })!;

    private async Task<string> SendAsync(HttpMethod method, string path, string body, string mediaType)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, mediaType) };
        using var response = await http.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {answer}");
        return answer;
    }
}
